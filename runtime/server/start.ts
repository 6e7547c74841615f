import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { createCodeLoader } from '../code/index.ts';
import { fail } from '../errors.ts';
import { openStore, type Store } from '../store/index.ts';
import { loadKeySet } from '../token/index.ts';
import { createAuthorizer } from './authorize.ts';
import { createCompiler } from './compiled.ts';
import { createRunHandler } from './run.ts';

/** How a server is started. */
export interface ServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly host: string;
  /** Keys and the embedded store. */
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Origins that code may be fetched from although they are not public. */
  readonly allowedOrigins: readonly string[];
  /** Milliseconds until a webtask without an answer is cut off. */
  readonly limitMs: number;
  readonly onLine: (line: string) => void;
  readonly onError: (error: Error) => void;
}

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  /** Accepts nothing more, and resolves when what is running has been answered. */
  close(): Promise<void>;
}

/**
 * Starts a server for webtasks. They run in its own process, so it listens on loopback only.
 *
 * @throws SERVE_NOT_ISOLATED, SERVE_PORT_TAKEN, and what {@link loadKeySet} throws
 *
 * @example
 * const server = await startServer({ port: 0, host: '127.0.0.1', dataFolder: '.webtask', ... });
 * await server.close();
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  if (!isLoopback(options.host)) fail('SERVE_NOT_ISOLATED', { host: options.host });
  const keys = await loadKeySet(options);
  let store: Promise<Store> | undefined;
  const handler = createRunHandler({
    authorize: createAuthorizer(keys),
    loadCode: createCodeLoader({ publicOnly: true, allowedOrigins: options.allowedOrigins }),
    compile: createCompiler(process.cwd()),
    openStore() {
      store ??= openStore(options.dataFolder, options.env);
      return store;
    },
    limitMs: options.limitMs,
    onLine: options.onLine,
    onError: options.onError,
  });
  const server = createServer(
    { headersTimeout: 15_000, keepAliveTimeout: 5_000 },
    (req, res) => void handler(req, res),
  );
  await listen(server, options);
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    async close() {
      await stop(server);
      await (await store)?.close();
    },
  };
}

/**
 * Listens, or says why not.
 *
 * @throws SERVE_PORT_TAKEN
 */
export function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      try {
        fail('SERVE_PORT_TAKEN', { port }, { cause: error });
      } catch (taken) {
        reject(taken);
      }
    });
    server.listen(port, host, resolve);
  });
}

/** Stops accepting, lets go of idle connections, and waits for the others to be answered. */
export function stop(server: Server): Promise<void> {
  // A connection that is being answered must not be kept for another request.
  server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
