import { storageKey } from '../../context/index.ts';
import type { RunSettings } from '../../invoke/index.ts';
import type { Documents } from '../../store/index.ts';
import { createSupervisor, type Limits, type Pool, type Runnable } from '../../worker/index.ts';
import { fetchNamed } from './fetch-named.ts';
import { definitionOf, runIn } from './run-in-worker.ts';
import type { Runner } from './runner.ts';
import { createVersions, type VersionParts } from './versions.ts';

/** What runs in workers are made with. */
export interface WorkerRunnerParts extends Omit<VersionParts<Runnable>, 'onForgotten'> {
  readonly pool: Pool;
  readonly limits: Limits;
  /** What `context.storage` is kept in. */
  readonly openDocuments: () => Promise<Documents>;
  /** Fetches compilers and middleware. */
  readonly fetchText: (url: string) => Promise<string>;
}

/**
 * Makes a runner that has each container's webtasks run in a process of their own.
 *
 * @see protocol reference 2.9
 */
export function createWorkerRunner({ pool, limits, openDocuments, fetchText, ...parts }: WorkerRunnerParts): Runner {
  const supervisor = createSupervisor(limits, () => performance.now());
  const versions = createVersions<Runnable>({
    ...parts,
    onForgotten: (runnable) => pool.forget(runnable.definition.container, runnable),
  });
  return {
    prepare: versions.prepare,
    forget: versions.forget,
    async run(order) {
      const runnable = await versions.get(order.version, async (source) => ({
        definition: { ...definitionOf(order.settings), file: source.file, modulePaths: source.modulePaths ?? [] },
        code: source.code,
        storageKey: storageKeyOf(order.settings),
        openDocuments,
        fetchText: fetchNamed(order.settings.meta, fetchText),
        onMessage: order.settings.onMessage ?? (() => undefined),
      }));
      const { container } = order.settings;
      supervisor.admit(container);
      const worker = await pool.workerOf(container);
      supervisor.watch(container, worker);
      return order.onReady() ? runIn(worker, runnable, order) : undefined;
    },
    async close() {
      supervisor.close();
      await pool.close();
    },
  };
}

function storageKeyOf({ container, name }: RunSettings): Runnable['storageKey'] {
  return name === undefined ? undefined : storageKey(container, name);
}
