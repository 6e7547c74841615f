import { type AddressInfo, isIP } from 'node:net';
import { type ChosenIsolation, chooseIsolation, refuseUnlessShutIn } from '../worker/index.ts';
import { listen, stop } from './edge/listen.ts';
import { createListener } from './edge/listener.ts';
import { TIME_LIMITS } from './edge/time-limits.ts';
import { readTlsPair } from './edge/tls.ts';
import { networkPolicy, type ServerOptions, workerUsers } from './options.ts';
import { openPlatform } from './platform.ts';

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  /** What webtasks run in. */
  readonly isolation: ChosenIsolation;
  /**
   * Reads certificate and key again, for connections from now on.
   *
   * @throws TLS_FILE_UNREADABLE, TLS_PAIR_INVALID, and goes on with those it has
   */
  reloadTls(): Promise<void>;
  /** Accepts nothing more, and resolves when what is running has been answered. */
  close(): Promise<void>;
}

/**
 * Starts a server for webtasks. Where they are not shut in, it listens on loopback only.
 *
 * @throws SANDBOX_UNAVAILABLE, NETWORK_UNAVAILABLE, SERVE_NOT_ISOLATED, SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN, TLS_HALF, TLS_FILE_UNREADABLE, TLS_PAIR_INVALID,
 *   and what {@link openPlatform} throws
 *
 * @example
 * const server = await startServer({ port: 0, host: '127.0.0.1', dataFolder: '.webtask', ... });
 * await server.close();
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const choosing = chooseIsolation(options.isolation, workerUsers(options), networkPolicy(options));
  choosing.catch(() => undefined); // said where it is waited for
  if (!isLoopback(options.host)) refuseUnlessShutIn(await choosing, options.host);
  const readTls = () => readTlsPair(options.tls ?? {});
  const tls = await readTls();
  let baseUrl = options.publicUrl ?? '';
  const platform = await openPlatform(options, choosing, () => baseUrl);
  const { answer, onError } = platform;
  const timeLimits = { ...TIME_LIMITS, ...options.timeLimits };
  const server = createListener({ tls, timeLimits, onError }, answer);
  await listen(server, options).catch(async (error: unknown) => {
    await platform.windDown();
    await platform.close();
    throw error;
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const url = `${tls ? 'https' : 'http'}://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  if (baseUrl === '') baseUrl = url;
  platform.begin();
  return {
    url,
    isolation: await choosing,
    async reloadTls() {
      const pair = await readTls();
      if (pair && 'setSecureContext' in server) server.setSecureContext(pair);
    },
    async close() {
      await Promise.all([platform.windDown(), stop(server)]);
      await platform.close();
    },
  };
}

/** Written as it is listened on, so without what other programs also read as loopback. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
