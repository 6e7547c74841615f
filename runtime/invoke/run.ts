import { AsyncResource } from 'node:async_hooks';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { CompiledWebtask } from '../compile/index.ts';
import { maskSecrets, type WebtaskContext } from '../context/index.ts';
import { WebtaskError } from '../errors.ts';
import { type ActiveRun, callInRun, leaveRun } from './active-run.ts';
import { AnswerAlone, AnswerByResponse } from './answer.ts';
import { type CallOutcome, callWebtask } from './call.ts';
import { type FailureReply, platformFailure, webtaskFailure } from './failure.ts';
import { type Exchange, openExchange } from './http/index.ts';
import { collectOutput } from './output.ts';
import { functionPlace, runningPlace } from './place.ts';
import { type PrepareParts, prepareCall, prepareContext } from './prepare.ts';
import type { RunProblem, RunReply, RunRequest, RunSettings } from './types.ts';

/**
 * Runs a compiled webtask once, for one request.
 *
 * It always answers: what the webtask does wrong becomes the answer that the original platform gave.
 *
 * @returns the head of the answer, and its body as it comes
 * @throws RUN_CONNECTION_CLOSED where the webtask destroyed its connection before it answered
 * @see protocol reference 3 and 4
 *
 * @example
 * const reply = await runWebtask(compiled, { method: 'GET', url: '/?a=1', rawHeaders: [] }, settings);
 */
export async function runWebtask(
  webtask: CompiledWebtask,
  request: RunRequest,
  settings: RunSettings,
): Promise<RunReply> {
  return startRun(webtask, request, settings);
}

/**
 * Runs a compiled webtask as {@link runWebtask} does, and gives its answer at once where it called back in the turn in
 * which it was called, as most do: a promise for each of them would cost more than all else.
 *
 * @throws RUN_CONNECTION_CLOSED
 */
export function startRun(
  webtask: CompiledWebtask,
  request: RunRequest,
  settings: RunSettings,
): RunReply | Promise<RunReply> {
  const { id = requestId(), limitMs, secrets } = settings;
  const name = settings.name ?? basename(webtask.file);
  const startedAt = performance.now();
  const output = collectOutput(settings);
  const run: ActiveRun = { id, onUncaught: takeUncaught, onOutput: output?.push };
  // Who only calls back sees neither request nor response. Those are made in the run, so that their events are too,
  // whoever sends the body, reads the answer or leaves.
  const isAlone = !writesHeaders(webtask) && !(request.body instanceof Readable);
  const exchange = isAlone ? undefined : callInRun(run, () => openExchange(request));
  const answer = exchange ? new AnswerByResponse(exchange) : new AnswerAlone(request);
  let failure: FailureReply | undefined;

  function report(kind: RunProblem['kind'], message: string): void {
    leaveRun(() => settings.onProblem?.({ kind, message }));
  }
  function fail(cause: FailureReply, error?: unknown): void {
    if (answer.hasBegun) {
      if (error !== undefined && !answer.isClosed) {
        report('threw-after-answer', `${webtask.file} had begun to answer when it threw ${stackOf(error)}`);
      }
      answer.close(); // part of an answer is out: the caller must see that it is not the whole
      return;
    }
    failure = cause;
    answer.send(cause.status, cause.headers ?? {}, maskSecrets(secrets)(cause.body));
  }
  function takeUncaught(error: unknown, how: 'thrown' | 'rejected'): void {
    if (how === 'thrown') settings.onThrown?.();
    if (answer.hasEnded) outcome.threwLate(error);
    else fail(webtaskFailure('uncaught', error), error);
  }
  const outcome: CallOutcome = {
    succeed(result) {
      const json = toJson(result);
      if (typeof json === 'string') answer.send(200, NO_HEADERS, json);
      else fail(webtaskFailure('serializing', json.error));
    },
    fail: (how, cause) => fail(webtaskFailure(how, cause), cause),
    calledAgain: () => report('called-back-twice', `${runningPlace(webtask)} called back a second time.`),
    threwLate: (cause) => report('threw-after-answer', `${webtask.file} had answered when it threw ${stackOf(cause)}`),
  };
  const parts: PrepareParts = {
    settings,
    id,
    onMissing: settings.hints ? (sentence) => report('read-missing', `${name}: ${sentence}`) : undefined,
    makeSignal() {
      const caller = new AbortController();
      const leave = (isWhole: boolean): void => void ((!isWhole || failure !== undefined) && caller.abort());
      answer.onClose(AsyncResource.bind(leave)); // in the run, whoever leaves
      return caller.signal;
    },
  };
  function refuse(error: unknown): void {
    if (error instanceof WebtaskError && error.code === 'BODY_TOO_LARGE') {
      report('body-too-large', `${name}: a body of more than ${settings.maxBodyBytes} bytes was refused.`);
    }
    fail(error instanceof WebtaskError ? platformFailure(error, id) : webtaskFailure('uncaught', error));
  }
  function start(): void {
    try {
      callWebtask(webtask, prepareCall(webtask, request, parts), undefined, outcome);
    } catch (error) {
      refuse(error);
    }
  }
  function startWith(connection: Exchange): void {
    const call = (context: WebtaskContext): void => callWebtask(webtask, context, connection, outcome);
    const context = prepareContext(webtask, connection.req, parts);
    if ('then' in context) context.then(call).catch(refuse);
    else call(context);
  }
  if (output) answer.onClose(output.flush);
  if (exchange) callInRun(run, () => startWith(exchange));
  else callInRun(run, start);
  const finish = (): RunReply => {
    const { reply } = answer;
    if (reply === undefined || reply === 'none') throw new WebtaskError('RUN_CONNECTION_CLOSED', { webtask: name });
    return Object.assign(reply, { source: failure?.source ?? ('webtask' as const), failed: failure !== undefined });
  };
  if (answer.reply !== undefined) return finish();

  const cutOff = (): void => {
    const what = webtask.model === 'http' ? 'never answered' : 'never called back';
    report('timed-out', `${functionPlace(webtask)} ${what} within ${limitMs} ms.`);
    fail(platformFailure(new WebtaskError('RUN_TIMED_OUT', { webtask: name, limitMs }), id));
  };
  const left = limitMs - (performance.now() - startedAt);
  const timer = limitMs > 0 ? setTimeout(cutOff, left) : undefined;
  return new Promise<void>((resolve) => answer.onReply(resolve)).then(() => {
    clearTimeout(timer);
    return finish();
  });
}

const NO_HEADERS = {};

/** Milliseconds since the epoch, a dot, and a random number. */
export function requestId(): string {
  return `${Date.now()}.${Math.floor(Math.random() * 100_000)}`;
}

/** The text of a result. A falsy one is `{}`, as in the original. */
function toJson(result: unknown): string | { error: unknown } {
  try {
    return result ? (JSON.stringify(result) ?? '{}') : '{}';
  } catch (error) {
    return { error };
  }
}

function stackOf(cause: unknown): string {
  return cause instanceof Error && cause.stack ? cause.stack : String(cause);
}

/** Whether a webtask writes its response itself: the others call back with a result, and know no headers. */
export function writesHeaders({ model }: Pick<CompiledWebtask, 'model'>): boolean {
  return model === 'http' || model === 'fetch';
}
