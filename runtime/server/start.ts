import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { fail } from '../errors.ts';
import type { ChosenIsolation } from '../worker/choose-isolation.ts';
import type { ServerOptions } from './options.ts';
import { startFirst } from './start-first.ts';

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
 * @throws SERVE_NO_FOLDER, SANDBOX_UNAVAILABLE, NETWORK_UNAVAILABLE, SERVE_NOT_ISOLATED, SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN, TLS_HALF, TLS_FILE_UNREADABLE, TLS_PAIR_INVALID,
 *   and what `openPlatform` throws
 *
 * @example
 * const server = await startServer({ port: 0, host: '127.0.0.1', dataFolder: '.webtask', ... });
 * await server.close();
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { folder } = options;
  if (folder !== undefined && !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    fail('SERVE_NO_FOLDER', { folder });
  }
  const first = startFirst(options);
  try {
    // The first worker gets ready while that is loaded, which would keep it from being started for as long.
    if (first) await setImmediate();
    return await (await import('./open-server.ts')).openServer(options, first);
  } catch (error) {
    await first?.close();
    throw error;
  }
}
