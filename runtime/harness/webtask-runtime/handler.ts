import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CompiledWebtask } from '../../compile/index.ts';
import { maskSecrets, readBody, readQuery, type WebtaskContext } from '../../context/index.ts';
import { fail, WebtaskError } from '../../errors.ts';
import { callWebtask } from '../../invoke/call.ts';
import { compileCode } from './compile.ts';
import { createContext } from './context.ts';
import { createError, type RuntimeError } from './error.ts';
import type { AnyWebtask, RunOptions } from './options.ts';
import { platformParameters } from './platform.ts';
import { createStorage } from './storage.ts';

/** Answers a request. */
export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => void;

type Runnable = Pick<CompiledWebtask, 'run' | 'model'>;

const JSON_TYPE = { 'Content-Type': 'application/json' };

/**
 * Makes the handler that runs a webtask for each request. Code is compiled at the first one.
 *
 * What the webtask throws when it is not being called, or after it answered, stays uncaught as in the original, so
 * that the test runner shows it.
 *
 * @throws COMPILE_NOT_A_FUNCTION where it is neither
 */
export function createHandler(webtask: string | AnyWebtask, given: RunOptions): RequestHandler {
  const options = { ...given, storage: given.storage ?? createStorage(given.initialStorageData, given) };
  if (typeof webtask === 'function') return handlerOf({ run: webtask, model: modelOf(webtask) }, options);
  if (typeof webtask !== 'string') fail('COMPILE_NOT_A_FUNCTION', { exported: `a value of type ${typeof webtask}` });

  const { storage, meta = {}, params = {}, secrets = {} } = options;
  let compiled: Promise<RequestHandler> | undefined;
  return (req, res) => {
    compiled ??= compileCode(webtask, { ...options, webtaskApi: { storage, meta, params, secrets } }).then((it) =>
      handlerOf(it, options),
    );
    compiled.then(
      (handle) => handle(req, res),
      (error: RuntimeError) => res.writeHead(error.code, JSON_TYPE).end(JSON.stringify(error, null, 2)),
    );
  };
}

/** A function that nobody compiled is taken as it is, as in the original: of any length. */
function modelOf({ length }: AnyWebtask): CompiledWebtask['model'] {
  if (length === 3) return 'http';
  return length === 2 ? 'context' : 'callback';
}

function handlerOf(webtask: Runnable, options: RunOptions): RequestHandler {
  const writeHead = options.writeHead ?? ((res, status, headers) => res.writeHead(status, headers));
  return (req, res) => {
    if (options.shortcutFavicon && req.url === '/favicon.ico') {
      writeHead(res, 404, {});
      res.end();
    } else if (req.method === 'OPTIONS' && req.headers['access-control-request-method'] !== undefined) {
      answerPreflight(req, res);
    } else {
      run(webtask, options, req, res, (status, body) => {
        writeHead(res, status, JSON_TYPE);
        res.end(body);
      });
    }
  };
}

function answerPreflight({ headers }: IncomingMessage, res: ServerResponse): void {
  const { origin, 'access-control-request-headers': wanted } = headers;
  if (origin !== undefined) res.setHeader('access-control-allow-origin', origin);
  res.setHeader('access-control-allow-methods', headers['access-control-request-method'] ?? '');
  if (wanted !== undefined) res.setHeader('access-control-allow-headers', wanted);
  res.setHeader('access-control-allow-credentials', 'true').setHeader('access-control-max-age', '60000');
  res.writeHead(200).end();
}

async function run(
  webtask: Runnable,
  options: RunOptions,
  req: IncomingMessage,
  res: ServerResponse,
  send: (status: number, body: string | undefined) => void,
): Promise<void> {
  const logger = options.logger ?? console;
  const sendError = (error: RuntimeError): void => {
    const body = JSON.stringify(error, null, 2);
    logger.info(maskSecrets(textsOf(options.secrets))(body));
    // The caller has to have sent everything before it looks for an answer.
    if (req.readableEnded || req.destroyed) send(error.code, body);
    else req.once('end', () => send(error.code, body)).resume();
  };
  let context: WebtaskContext;
  try {
    context = await prepare(req, options);
  } catch (error) {
    if (error instanceof WebtaskError && error.code === 'BODY_TOO_LARGE') sendError(tooLarge(error));
    else if (!req.destroyed) throw error; // otherwise the caller went away
    return;
  }
  callWebtask(
    webtask,
    context,
    { req, res },
    {
      succeed(result) {
        const json = toJson(result);
        if (json instanceof Error) sendError(json);
        else send(200, json);
      },
      fail(how, cause) {
        if (res.headersSent) throwUncaught(cause);
        else if (how === 'returned') sendError(createError(400, 'Script returned an error.', cause));
        else sendError(createError(500, 'Script generated an unhandled synchronous exception.', cause));
      },
      calledAgain: () => fail('HARNESS_PROBLEM', { problem: 'The webtask called back a second time.' }),
      threwLate: throwUncaught,
    },
  );
}

/** Reads what is read before the webtask is called, and makes its context. */
async function prepare(req: IncomingMessage, options: RunOptions): Promise<WebtaskContext> {
  const { query, reserved } = readQuery(req.url ?? '/');
  const platform = platformParameters(options, reserved);
  const full = { ...query, ...reserved };
  Object.assign(req, { query: full, x_wt: platform });
  let body: string | undefined;
  if (platform.pb !== 0) {
    body = (await readBody(req, options.maxBodySize ?? Number.POSITIVE_INFINITY)).raw;
    Object.assign(req, { raw_body: body ?? '' });
  }
  // What the caller gives in its place may be any object.
  if (options.context) return options.context as WebtaskContext;
  const { ectx: secrets, pctx: params, meta, mb, req_id: reqId } = platform;
  const { storage, token } = options;
  return createContext({
    body,
    headers: req.headers,
    query: full,
    secrets,
    params,
    meta,
    mergeBody: mb === 1,
    reqId,
    storage,
    token,
  });
}

function toJson(result: unknown): string | undefined | RuntimeError {
  try {
    return result ? JSON.stringify(result) : '{}';
  } catch (error) {
    return createError(400, 'Error when JSON serializing the result of the JavaScript code.', error);
  }
}

function tooLarge({ message, fields }: WebtaskError): RuntimeError {
  return createError(400, message, new Error(`Script exceeds the size limit of ${fields.maxBytes}.`));
}

function throwUncaught(cause: unknown): void {
  process.nextTick(() => {
    throw cause;
  });
}

function textsOf(secrets: RunOptions['secrets'] = {}): Record<string, string> {
  const texts = Object.entries(secrets).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}
