import { ERRORS, type ErrorCode, fail, WebtaskError } from '../errors.ts';
import type { RunUsage } from '../invoke/index.ts';
import type { BrokenHead, ReplyHead } from './messages.ts';

/**
 * Reads the head of an answer that a worker sent.
 *
 * @throws WORKER_FRAME_INVALID where it is not what a head of HTTP can be
 */
export function readReply(text: string): ReplyHead {
  const { status, statusMessage, rawHeaders, source, failed } = JSON.parse(text) as Partial<ReplyHead>; // looked at here
  const isHead =
    Number.isInteger(status) &&
    Number(status) >= 200 &&
    Number(status) <= 999 &&
    typeof statusMessage === 'string' &&
    Array.isArray(rawHeaders) &&
    rawHeaders.length % 2 === 0 &&
    rawHeaders.every((it, i) => typeof it === 'string' && (i % 2 === 0 ? NAME : VALUE).test(it)) &&
    VALUE.test(statusMessage);
  if (!isHead) return fail('WORKER_FRAME_INVALID', { reason: 'the head of an answer is none' });
  return {
    status: Number(status),
    statusMessage,
    rawHeaders,
    source: source === 'compiler' || source === 'proxy' ? source : 'webtask',
    failed: failed === true,
  };
}

/** RFC 9110 section 5.1 and 5.5, as Node lets through. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const VALUE = /^[^\x00-\x08\x0a-\x1f\x7f\u0100-\uffff]*$/;

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
