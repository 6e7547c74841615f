import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { compileWebtask } from '../compile/index.ts';
import {
  createContext as buildContext,
  readQuery,
  type WebtaskContext,
  type WebtaskRequest,
  type WebtaskResponse,
} from '../context/index.ts';
import { fail } from '../errors.ts';
import { openExchange } from '../invoke/http/index.ts';
import { type TestRequest, toRunRequest } from './request.ts';
import { readResponse } from './response.ts';
import { testStorage } from './storage.ts';

/** What a webtask did with the response that it was given. */
export interface RecordedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
  /** The calls of `writeHead`, `write` and `end`, in order, with their arguments. */
  readonly calls: readonly [method: 'writeHead' | 'write' | 'end', ...args: unknown[]][];
}

/**
 * Compiles the file of a webtask into its function, for tests that call it themselves.
 *
 * @param file - path of the webtask, from the working directory
 * @param secrets - what the code finds in `module.webtask.secrets` while it loads
 * @example
 * const run = await compileFile('webtasks/revoke_dynamodb.ts');
 * run(createContext({ secrets }), createRequest({ method: 'PUT' }), createResponse((res) => done()));
 */
// biome-ignore lint/complexity/noBannedTypes: what a webtask exports is any function
export async function compileFile(file: string, secrets: Readonly<Record<string, string>> = {}): Promise<Function> {
  const path = resolve(file);
  const given = { secrets, meta: {}, params: {}, storage: undefined };
  return (await compileWebtask({ code: await readFile(path, 'utf8'), file: path }, given)).run;
}

/** Makes the context that a webtask is called with, for a test that calls it itself. */
export function createContext(
  parts: {
    readonly url?: string;
    readonly secrets?: Readonly<Record<string, string>>;
    readonly params?: Readonly<Record<string, unknown>>;
    readonly body?: unknown;
  } = {},
): WebtaskContext {
  return buildContext({
    id: `${Date.now()}.0`,
    query: readQuery(parts.url ?? '/').query,
    params: parts.params ?? {},
    secrets: parts.secrets ?? {},
    meta: {},
    headers: {},
    parsed: { body: parts.body, raw: undefined },
    mergeBody: true,
    storage: testStorage(undefined, 'test')(),
  });
}

/** Makes the request that a webtask is called with: Node's own. */
export function createRequest(request: TestRequest = {}): WebtaskRequest {
  const { req } = openExchange(toRunRequest(request));
  const platform = {
    query: readQuery(req.url ?? '/').query,
    x_wt: { req_id: '0', container: 'webtask-local', url_format: 3, pb: 2, mb: 0, resolved_modules: null },
  } as const;
  return Object.assign<IncomingMessage, typeof platform>(req, platform);
}

/**
 * Makes the response that a webtask is called with: Node's own, with its calls recorded.
 *
 * @param onEnd - called with what was recorded when the webtask ends the response
 */
export function createResponse(onEnd: (response: RecordedResponse) => void): WebtaskResponse {
  const { res, reply } = openExchange({ method: 'GET', url: '/', rawHeaders: [] });
  const calls = record(res);
  // Read as it comes, for a webtask that waits until what it wrote is gone.
  const read = async (): Promise<RecordedResponse> => {
    const answer = (await reply) ?? fail('RUN_CONNECTION_CLOSED', { webtask: 'The webtask' });
    const { status, headers, body } = await readResponse(answer, [], 0);
    return { status, headers, body, calls };
  };
  void read().then(onEnd); // a failure is nobody's but the test's, which an unhandled rejection fails
  return res;
}

/** Puts a recording in front of three methods; calls that Node makes of its own inside of them are not recorded. */
function record(res: ServerResponse): RecordedResponse['calls'] {
  const calls: RecordedResponse['calls'][number][] = [];
  let inside = false;
  for (const method of ['writeHead', 'write', 'end'] as const) {
    const original = res[method] as (...args: unknown[]) => unknown; // one shape for three overloaded methods
    Object.defineProperty(res, method, {
      value(...args: unknown[]) {
        if (inside) return original.apply(res, args);
        calls.push([method, ...args]);
        inside = true;
        try {
          return original.apply(res, args);
        } finally {
          inside = false;
        }
      },
    });
  }
  return calls;
}
