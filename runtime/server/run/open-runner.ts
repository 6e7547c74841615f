import type { Documents } from '../../store/index.ts';
import type { Limits, PoolLimits } from '../../worker/index.ts';
import type { Runner } from './runner.ts';
import type { VersionParts } from './versions.ts';

/** What webtasks run in: this process, or one of their container's own. */
export type Isolation = 'inline' | 'process';

/** What runners work with. */
export interface RunnerParts extends Omit<VersionParts<unknown>, 'onForgotten'> {
  /** Fetches compilers and middleware. */
  readonly fetchText: (url: string) => Promise<string>;
  /** What `context.storage` is kept in. */
  readonly openDocuments: () => Promise<Documents>;
  /** What webtasks may use. */
  readonly limits: Limits;
  /** Receives what workers print past the streams of their webtasks. */
  readonly onOutput: (text: string) => void;
}

const POOL: PoolLimits = {
  spare: 1,
  max: 50,
  maxWaiting: 1000,
  idleMs: 10 * 60_000,
  maxAgeMs: 60 * 60_000,
  maxRequests: 1_000_000,
};

/** Makes what runs webtasks. Only what is asked for is loaded. */
export async function openRunner(isolation: Isolation, parts: RunnerParts): Promise<Runner> {
  if (isolation === 'inline') return (await import('./inline-runner.ts')).createInlineRunner(parts);
  const [{ createPool, findProgram, launchProcess, startWorker }, { createWorkerRunner }] = await Promise.all([
    import('../../worker/index.ts'),
    import('./worker-runner.ts'),
  ]);
  const program = findProgram();
  program.catch(() => undefined); // said by each start
  const start = async (onIdle: () => void) =>
    startWorker(launchProcess(await program, parts.limits), parts.onOutput, onIdle, parts.limits);
  return createWorkerRunner({ ...parts, pool: createPool(start, POOL, () => performance.now()) });
}
