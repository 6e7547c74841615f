import { ERRORS, type ErrorCode, fail, WebtaskError } from '../errors.ts';
import type { RunUsage } from '../invoke/index.ts';
import type { BrokenHead } from './messages.ts';

/** Reads why a run has no answer; `undefined` where it was not to be run. Errors of the platform are no worker's to tell. */
export function readBroken(text: string): Error | undefined {
  const { code, fields, skipped } = JSON.parse(text) as BrokenHead; // looked at here
  if (skipped === true) return undefined;
  if (code === undefined) return new WebtaskError('RUN_CONNECTION_CLOSED', { webtask: 'The webtask' });
  const isKnown = Object.hasOwn(ERRORS, code) && ERRORS[code as ErrorCode].fault !== 'platform';
  if (!isKnown) return new WebtaskError('INTERNAL', {}, { cause: new Error(`a worker failed: ${text}`) });
  return new WebtaskError(code as 'INTERNAL', { ...fields } as Record<string, never>); // its text is filled from them
}

/**
 * Reads what a worker says that a run has used. It may be wrong, but it is two plain numbers.
 *
 * @throws WORKER_FRAME_INVALID where it is not
 */
export function readUsage(text: string): RunUsage {
  const { cpuMs, heapBytes } = JSON.parse(text) as Partial<RunUsage>; // looked at here
  if (isAmount(cpuMs) && isAmount(heapBytes)) return { cpuMs, heapBytes };
  return fail('WORKER_FRAME_INVALID', { reason: 'what a run has used is no number' });
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
