import { maskSecrets } from '../../context/index.ts';
import { WebtaskError } from '../../errors.ts';
import type { RunReply, RunSettings } from '../../invoke/index.ts';
import type { Runnable, Worker } from '../../worker/index.ts';
import type { RunOrder } from './runner.ts';

/** Milliseconds beyond its limit that a worker has to say itself that a webtask did not answer. */
const GRACE_MS = 1000;

/**
 * Runs a webtask in a worker, and ends that where the webtask does not let go of it: it cannot be cut off by itself.
 *
 * @throws what running throws, and RUN_TIMED_OUT
 */
export function runIn(
  worker: Worker,
  runnable: Runnable,
  order: Pick<RunOrder, 'request' | 'settings'> & Partial<Omit<RunOrder, 'version' | 'onReady'>>,
): Promise<RunReply | undefined> {
  const { request, settings, onlyIfItWritesHeaders, onCompile, onUsage } = order;
  const { id = '', urlFormat, issue, limitMs, name = settings.container } = settings;
  const onMessage = settings.onMessage ?? (() => undefined);
  let isLate = false;
  const cutOff = (): void => {
    isLate = true;
    worker.kill('one of its webtasks did not let go of it');
  };
  const timer = limitMs > 0 ? setTimeout(cutOff, limitMs + GRACE_MS) : undefined;
  const options = { requestId: id, urlFormat, onlyIfItWritesHeaders, onMessage, issue, onCompile, onUsage };
  const answered = (reply: RunReply | undefined): RunReply | undefined => {
    clearTimeout(timer);
    return reply;
  };
  const failed = (error: unknown): never => {
    clearTimeout(timer);
    const cause = isLate
      ? new WebtaskError('RUN_TIMED_OUT', { webtask: name, limitMs })
      : masked(error, settings.secrets);
    const isLeft = request.signal?.aborted && code(cause) === 'RUN_CONNECTION_CLOSED'; // by its caller
    if (cause instanceof WebtaskError && cause.fault === 'webtask' && !isLeft) {
      const stack = cause.fields.stack;
      const message = `${name}: ${typeof stack === 'string' ? stack : cause.message}`;
      settings.onProblem?.({ kind: 'ended', message });
    }
    throw cause;
  };
  return worker.run(runnable, request, options).then(answered, failed);
}

function code(error: unknown): string | undefined {
  return error instanceof WebtaskError ? error.code : undefined;
}

/** A stack may have secrets in it, as the names of functions. */
function masked(error: unknown, secrets: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof WebtaskError) || typeof error.fields.stack !== 'string') return error;
  const stack = maskSecrets(secrets)(error.fields.stack);
  return new WebtaskError(error.code as 'INTERNAL', { ...error.fields, stack });
}

/** What of the settings of a run all runs of a webtask have. */
export function definitionOf(settings: RunSettings): Omit<Runnable['definition'], 'file' | 'modulePaths'> {
  const { container, name, codeUrl, secrets, params, meta, parseBody, mergeBody, token, tokenId } = settings;
  const { limitMs, maxBodyBytes, issue, hints } = settings;
  return {
    container,
    name,
    codeUrl,
    secrets,
    params,
    meta,
    parseBody,
    mergeBody,
    token,
    tokenId,
    issues: issue !== undefined,
    limitMs,
    maxBodyBytes,
    hints,
  };
}
