import { type RunningServer, type ServerOptions, startServer } from '../../../runtime/server/index.ts';
import { loadKeySet, signToken } from '../../../runtime/token/index.ts';

/** Starts a server in this process over a data folder. Gives it with a token that is good for all containers. */
export async function serveHere(
  dataFolder: string,
  options: Partial<ServerOptions> = {},
): Promise<{ readonly server: RunningServer; readonly token: string }> {
  const server = await startServer({
    port: 0,
    host: '127.0.0.1',
    dataFolder,
    env: {},
    allowedOrigins: [],
    limitMs: 10_000,
    onLine: () => undefined,
    onError: (error) => console.error(error),
    ...options,
  });
  const token = signToken({ dd: 2 }, await loadKeySet({ dataFolder, env: {} }), Date.now() / 1000);
  return { server, token };
}
