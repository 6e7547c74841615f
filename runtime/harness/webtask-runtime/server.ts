import { Server } from 'node:http';
import { createHandler } from './handler.ts';
import type { AnyWebtask, RunOptions } from './options.ts';

/**
 * Makes an HTTP server that runs a webtask for every request. All of them share one storage.
 *
 * @param webtask - its code, which is compiled at the first request, or its function
 * @throws COMPILE_NOT_A_FUNCTION where it is neither
 *
 * @example
 * const server = createServer((context, callback) => callback(null, context.secrets.hello), { secrets: { hello: 'world' } });
 * server.listen(8080);
 */
export function createServer(webtask: string | AnyWebtask, options: RunOptions = {}): Server {
  return new Server(createHandler(webtask, options));
}
