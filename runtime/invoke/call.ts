import type { CompiledWebtask } from '../compile/index.ts';
import type { WebtaskContext } from '../context/index.ts';
import { THROWN } from '../errors.ts';
import { sendWebResponse, toWebRequest } from './fetch.ts';
import type { Exchange } from './http/index.ts';

/** What became of a call. Webtasks that write their response themselves only ever fail. */
export interface CallOutcome {
  /** The result given to the callback, or the value of the returned promise. */
  succeed(result: unknown): void;
  fail(how: 'returned' | 'threw', cause: unknown): void;
  /** The callback was called after it had already counted. */
  calledAgain(): void;
  /** Something was thrown after the call had already counted. */
  threwLate(cause: unknown): void;
}

/** What is needed of a webtask to call it. */
type Runnable = Pick<CompiledWebtask, 'run' | 'model'>;

/** The request and the response that it is called with; a server's own will do. */
type Connection = Pick<Exchange, 'req' | 'res'>;

/**
 * Calls the function of a webtask by its programming model. The first outcome counts.
 *
 * Beyond the original, a promise counts: its rejection is the error, and a value other than `undefined` the result.
 * One that resolves with nothing says nothing, since the callback may still be called later.
 *
 * @param context - none is needed for one that takes only a callback
 * @param connection - none is needed for one that calls back
 * @see protocol reference 2.2
 */
export function callWebtask(
  webtask: Runnable,
  context: WebtaskContext | undefined,
  connection: Connection | undefined,
  outcome: CallOutcome,
): void {
  let settled = false;
  let isAnsweredByPromise = false;
  const fail = (how: 'returned' | 'threw', cause: unknown): void => {
    if (settled) outcome.threwLate(cause);
    else outcome.fail(how, cause);
    settled = true;
  };
  const callback = (error?: unknown, result?: unknown): void => {
    if (settled && isAnsweredByPromise) return; // code that passes on both says one thing twice
    if (settled) outcome.calledAgain();
    else if (error) outcome.fail('returned', error);
    else outcome.succeed(result);
    settled = true;
  };

  let returned: unknown;
  try {
    returned = call(webtask, context, connection, callback);
  } catch (error) {
    fail('threw', error);
    return;
  }
  if (!isThenable(returned)) return;
  returned.then(
    (value) => {
      const isResult = value !== undefined && (webtask.model === 'callback' || webtask.model === 'context');
      if (!isResult || settled) return;
      callback(null, value);
      isAnsweredByPromise = true;
    },
    (cause) => (isThrow(cause) ? fail('threw', cause[THROWN]) : fail('returned', cause)),
  );
}

function call(
  webtask: Runnable,
  context: WebtaskContext | undefined,
  connection: Connection | undefined,
  callback: unknown,
): unknown {
  // An object of its own as `this`: code in sloppy mode would otherwise write to the global object.
  switch (webtask.model) {
    case 'callback':
      return webtask.run.call({}, callback);
    case 'context':
      return webtask.run.call({}, context, callback);
    case 'http':
      return webtask.run.call({}, context, connection?.req, connection?.res);
    case 'fetch':
      return connection && callFetch(webtask, context, connection);
  }
}

async function callFetch(webtask: Runnable, context: unknown, { req, res }: Connection): Promise<void> {
  const closed = new AbortController();
  res.once('close', () => closed.abort());
  const response: unknown = await webtask.run(toWebRequest(req, closed.signal), context);
  if (!(response instanceof Response)) throw new TypeError('fetch(request, context) must return a Response');
  await sendWebResponse(response, res);
}

function isThrow(cause: unknown): cause is { readonly [THROWN]: unknown } {
  return typeof cause === 'object' && cause !== null && THROWN in cause;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
