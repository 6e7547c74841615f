import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { createCodeLoader } from '../code/index.ts';
import { fail, type WebtaskError } from '../errors.ts';
import { openStore, type Store } from '../store/index.ts';
import { loadKeySet } from '../token/index.ts';
import { createAuthorizer } from './authorize.ts';
import { createCompiler } from './compiled.ts';
import { answerMalformed } from './malformed.ts';
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
  /** Is told of errors that are the platform's. */
  readonly onError: (error: WebtaskError) => void;
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
 * @throws SERVE_NOT_ISOLATED, SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN, and what {@link loadKeySet} throws
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
      if (!store) {
        store = openStore(options.dataFolder, options.env);
        // A failure is not remembered: whoever holds the files may let go of them.
        store.catch(() => {
          store = undefined;
        });
      }
      return store;
    },
    limitMs: options.limitMs,
    onLine: options.onLine,
    onError: options.onError,
  });
  const server = createServer(
    { headersTimeout: 15_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 5_000 },
    (req, res) => void handler(req, res),
  );
  server.on('clientError', answerMalformed);
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
 * @throws SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN
 */
export async function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  server.on('request', (_req, res) => {
    // A connection that is answered while the server stops is not kept for another request.
    res.once('finish', () => server.listening || server.closeIdleConnections());
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // of listen(2), or of the look-up of the host
    if (code === 'EADDRINUSE') fail('SERVE_PORT_TAKEN', { port }, { cause: error });
    fail('SERVE_CANNOT_LISTEN', { host, port, reason: message }, { cause: error });
  }
}

/** Stops accepting, lets go of idle connections, and waits for the others to be answered. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
