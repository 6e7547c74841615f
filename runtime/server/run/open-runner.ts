import type { Documents } from '../../store/index.ts';
import type { Isolation, Limits, NetworkPolicy, PoolLimits, StartOne, UserRange } from '../../worker/index.ts';
import type { Runner } from './runner.ts';
import type { VersionParts } from './versions.ts';

/** What runners work with. */
export interface RunnerParts extends Omit<VersionParts<unknown>, 'onForgotten' | 'folder'> {
  /** Folder of the packages that webtasks can require. */
  readonly modulesFolder: string;
  /** Another one whose files and packages they can require. */
  readonly folder: string | undefined;
  /** For workers, where this process may choose their user. */
  readonly users: UserRange;
  /** Fetches compilers and middleware. */
  readonly fetchText: (url: string) => Promise<string>;
  /** What `context.storage` is kept in. */
  readonly openDocuments: () => Promise<Documents>;
  /** What webtasks may use. */
  readonly limits: Limits;
  /** How many workers there are. */
  readonly pool: PoolLimits;
  /** Where they may connect to, unless they run in this process. */
  readonly network: NetworkPolicy;
  /** Starts workers in that mode, where one has been started already. */
  readonly start?: StartOne | undefined;
  /** Receives what workers print past the streams of their webtasks. */
  readonly onOutput: (text: string) => void;
}

/** Makes what runs webtasks. Only what is asked for is loaded. */
export async function openRunner(mode: Isolation, parts: RunnerParts): Promise<Runner> {
  const { folder, modulesFolder } = parts;
  // Who is shut in sees no folder of this machine but those, so nothing is looked for in others.
  const its = { ...parts, folder: folder ?? (mode === 'sandbox' ? '/' : process.cwd()) };
  if (mode === 'inline') return (await import('./inline-runner.ts')).createInlineRunner(its);
  const [{ createPool, openStarter }, { createWorkerRunner }] = await Promise.all([
    import('../../worker/index.ts'),
    import('./worker-runner.ts'),
  ]);
  const start = parts.start ?? openStarter({ ...parts, mode, readable: [modulesFolder] });
  return createWorkerRunner({ ...its, pool: createPool(start, parts.pool, () => performance.now()) });
}
