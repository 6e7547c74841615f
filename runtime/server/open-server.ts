import { type AddressInfo, isIP } from 'node:net';
import { chooseIsolation, refuseUnlessShutIn } from '../worker/choose-isolation.ts';
import { listen, stop } from './edge/listen.ts';
import { createListener } from './edge/listener.ts';
import { TIME_LIMITS } from './edge/time-limits.ts';
import { readTlsPair } from './edge/tls.ts';
import { networkPolicy, type ServerOptions, workerUsers } from './options.ts';
import { openPlatform } from './platform.ts';
import type { RunningServer } from './start.ts';
import type { FirstWorker } from './start-first.ts';

/**
 * Opens a server whose first worker has been started, and listens.
 *
 * @throws what `startServer` throws; the worker is left to its caller
 */
export async function openServer(options: ServerOptions, first: FirstWorker | undefined): Promise<RunningServer> {
  const shutIn = first?.mode === 'sandbox' ? first.ready : undefined;
  const choosing = chooseIsolation(options.isolation, workerUsers(options), networkPolicy(options), shutIn);
  choosing.catch(() => undefined); // said where it is waited for
  if (!isLoopback(options.host)) refuseUnlessShutIn(await choosing, options.host);
  const readTls = () => readTlsPair(options.tls ?? {});
  const tls = await readTls();
  let baseUrl = options.publicUrl ?? '';
  const platform = await openPlatform(options, choosing, first, () => baseUrl);
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
      await Promise.all([platform.close(), first?.close()]);
    },
  };
}

/** Written as it is listened on, so without what other programs also read as loopback. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
