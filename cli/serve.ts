import { startServer } from '../runtime/server/index.ts';
import { describeError } from './program.ts';

/** `webtask serve`: serves webtasks by their tokens until it is told to stop. */
export async function serve(options: {
  port: number;
  host: string;
  data: string;
  limit: number;
  maxCode: number;
  url?: string;
  runDomain?: string;
  proveHosts?: boolean;
  allowOrigin?: string[];
}): Promise<void> {
  const server = await startServer({
    port: options.port,
    host: options.host,
    dataFolder: options.data,
    env: process.env,
    allowedOrigins: options.allowOrigin ?? [],
    limitMs: options.limit,
    maxCodeBytes: options.maxCode,
    publicUrl: options.url,
    runDomain: options.runDomain,
    proveHosts: options.proveHosts,
    onLine: (line) => console.log(line),
    onError: (error) => console.error(describeError('webtask serve', error.code === 'INTERNAL' ? error.cause : error)),
  });
  console.log(`listening on ${server.url} (inline: webtasks run in this process, for one user on this machine)`);
  console.log(`next: webtask token mint --container default --data ${options.data}`);
  stopOnSignals(() => server.close());
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
