import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { fail } from '../../errors.ts';
import { type Exchange, openExchange } from '../../invoke/http/index.ts';
import { createHandler } from './handler.ts';
import type { AnyWebtask, RunOptions } from './options.ts';
import { type RequestOptions, toRequest } from './request.ts';

/** A request, and what the webtask is run with. */
export interface SimulateOptions extends RunOptions, RequestOptions {
  readonly remoteAddress?: string | undefined;
}

/** What the webtask answered. */
export interface SimulatedResponse {
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Names in lower case, values as the webtask set them. */
  readonly headers: OutgoingHttpHeaders;
  readonly payload: string;
  readonly rawPayload: Buffer;
  /** Always empty. */
  readonly trailers: Record<string, string>;
  readonly raw: { readonly req: IncomingMessage; readonly res: ServerResponse };
}

type SimulateCallback = (response: SimulatedResponse) => void;

/**
 * Runs a webtask for one request, without a connection.
 *
 * @param webtask - its code, or its function
 * @param callback - called with the answer; what it throws is uncaught, and so an error of the running test
 * @throws COMPILE_NOT_A_FUNCTION where it is neither
 *
 * @example
 * simulate((context, callback) => callback(null, context.secrets.hello), { secrets: { hello: 'world' } }, (res) => {
 *   assert.equal(res.statusCode, 200);
 *   assert.equal(res.payload, '"world"');
 * });
 */
export function simulate(webtask: string | AnyWebtask, callback: SimulateCallback): void;
export function simulate(
  webtask: string | AnyWebtask,
  options: SimulateOptions | undefined,
  callback: SimulateCallback,
): void;
export function simulate(
  webtask: string | AnyWebtask,
  ...rest: [SimulateCallback] | [SimulateOptions | undefined, SimulateCallback]
): void {
  const [options, callback] = rest.length === 1 ? [{}, rest[0]] : [rest[0] ?? {}, rest[1]];
  const handle = createHandler(webtask, options);
  const exchange = openExchange(toRequest(options));
  if (options.remoteAddress) Object.assign(exchange.req.socket, { remoteAddress: options.remoteAddress });
  readResponse(exchange).then(
    (response) => process.nextTick(callback, response),
    (error) =>
      process.nextTick(() => {
        throw error;
      }),
  );
  keepHeaders(exchange.res);
  handle(exchange.req, exchange.res);
}

/** Has Node keep the headers of `writeHead` where `getHeaders` finds them, as it does once another was set. */
function keepHeaders(res: ServerResponse): void {
  const writeHead = res.writeHead as (...args: unknown[]) => ServerResponse; // one shape for its overloads
  Object.assign(res, {
    writeHead(...args: unknown[]) {
      if (!res.headersSent) res.setHeader('x-kept', '').removeHeader('x-kept');
      return writeHead.apply(res, args);
    },
  });
}

async function readResponse({ req, res, reply }: Exchange): Promise<SimulatedResponse> {
  const head = await reply;
  if (!head) return fail('RUN_CONNECTION_CLOSED', { webtask: 'The webtask' });
  const chunks: Buffer[] = [];
  for await (const chunk of head.body as AsyncIterable<Buffer>) chunks.push(chunk); // it has no encoding
  const rawPayload = Buffer.concat(chunks);
  return {
    statusCode: head.status,
    statusMessage: head.statusMessage,
    headers: { ...res.getHeaders() },
    payload: rawPayload.toString(),
    rawPayload,
    trailers: {},
    raw: { req, res },
  };
}
