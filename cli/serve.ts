import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { WebtaskError } from '../runtime/errors.ts';
import type { LogLevel } from '../runtime/server/operation-log.ts';
import { startServer } from '../runtime/server/start.ts';
import { version } from '../runtime/version.ts';
import { describeError } from './program.ts';

/** What each mode means for who is served. */
const ISOLATION = {
  sandbox: "each container's webtasks are shut in a process of their own",
  inline: 'webtasks run in this process, for one user on this machine',
  process: "each container's webtasks run in a process of their own, which holds mistakes but no attacks",
};

/** `webtask serve`: serves webtasks by their tokens until it is told to stop. */
export async function serve(
  folder: string | undefined,
  options: {
    port: number;
    host: string;
    data: string;
    isolation?: keyof typeof ISOLATION;
    network: 'public' | 'all' | 'none';
    workerUsers: string;
    limit: number;
    maxCode: number;
    url?: string;
    runDomain?: string;
    proveHosts?: boolean;
    trustProxy?: string[];
    tlsCert?: string;
    tlsKey?: string;
    allowOrigin?: string[];
    identity?: string;
    logJson?: boolean;
    logLevel: LogLevel;
  },
): Promise<void> {
  setFlagsFromString('--no-parallel-scavenge'); // the other cores are the workers'
  const log = options.logJson
    ? await (await import('../runtime/server/operation-log.ts')).openOperationLog(options.logLevel)
    : undefined;
  const onError = (error: unknown, requestId?: string): void => {
    const isUnforeseen = error instanceof WebtaskError && error.code === 'INTERNAL';
    if (log) log.error(error, requestId);
    else console.error(describeError('webtask serve', isUnforeseen ? error.cause : error));
  };
  const server = await startServer({
    port: options.port,
    host: options.host,
    dataFolder: options.data,
    env: process.env,
    allowedOrigins: options.allowOrigin ?? [],
    isolation: options.isolation,
    folder: folder === undefined ? undefined : resolve(folder),
    network: options.network,
    workerUsers: toRange(options.workerUsers),
    limitMs: options.limit,
    maxCodeBytes: options.maxCode,
    publicUrl: options.url,
    runDomain: options.runDomain,
    proveHosts: options.proveHosts,
    trustedProxies: options.trustProxy,
    identityFile: options.identity,
    tls: { cert: options.tlsCert, key: options.tlsKey },
    onLine: (line) => console.log(line),
    onError,
    onRefusal: (error, requestId) => log?.error(error, requestId),
  });
  // Before it says that it listens: whoever reads that may end it at once.
  stopOnSignals(async () => {
    log?.info('stopping');
    await server.close();
    log?.info('stopped');
  });
  const { mode, because, unlimited, cgroups } = server.isolation;
  log?.info('started', { url: server.url, isolation: mode, version: version() });
  console.log(`listening on ${server.url} (${mode}: ${ISOLATION[mode]})`);
  if (because !== undefined) console.log(`no sandbox: ${because}`);
  if (options.url === undefined && ALL_ADDRESSES.test(options.host)) {
    console.log(`no public URL: what it prints begins with ${server.url}, where no other machine finds it. Set --url.`);
  }
  if (unlimited.length > 0) console.log(`not limited: ${unlimited.join(', ')}`);
  if (cgroups.length > 0) console.log(`limited by control groups: ${cgroups.map((it) => CONTROLLED[it]).join(', ')}`);
  console.log(`next: webtask token mint --container default --delegation-depth 1 --data ${options.data}`);
  if (options.tlsCert) process.on('SIGHUP', () => void server.reloadTls().catch(onError));
}

const CONTROLLED = { memory: 'memory', pids: 'processes' } as const;

/** It listens on all that there are, and so has no address of its own. */
const ALL_ADDRESSES = /^(?:0|0\.0\.0\.0|::)$/;

/** As `parseUsers` lets it be. */
function toRange(text: string): { first: number; last: number } {
  const [first = 0, last = 0] = text.split('-').map(Number);
  return { first, last };
}

/** The first signal lets what is running finish; a second one ends at once. */
export function stopOnSignals(close: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      close().then(
        () => process.exit(0),
        (error) => {
          console.error(describeError('webtask', error));
          process.exit(1);
        },
      );
    });
  }
}
