import { storageKey } from '../../context/index.ts';
import type { RunReply, RunSettings } from '../../invoke/index.ts';
import type { Documents } from '../../store/index.ts';
import { createSupervisor, type Limits, type Pool, type Runnable } from '../../worker/index.ts';
import { fetchNamed } from './fetch-named.ts';
import { definitionOf, runIn } from './run-in-worker.ts';
import type { Runner, RunOrder } from './runner.ts';
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
  /** Where something has to be made or waited for first. */
  async function prepareAndRun(order: RunOrder): Promise<RunReply | undefined> {
    const { settings } = order;
    const runnable = await versions.get(order.version, async (source) => ({
      definition: { ...definitionOf(settings), file: source.file, modulePaths: source.modulePaths ?? [] },
      code: source.code,
      storageKey: storageKeyOf(settings),
      openDocuments,
      fetchText: fetchNamed(settings.meta, fetchText),
      onMessage: settings.onMessage ?? (() => undefined),
    }));
    const { container } = settings;
    supervisor.admit(container);
    const worker = await pool.workerOf(container);
    supervisor.watch(container, worker);
    return order.onReady() ? runIn(worker, runnable, order) : undefined;
  }

  return {
    prepare: versions.prepare,
    forget: versions.forget,
    run(order) {
      const { container } = order.settings;
      const runnable = versions.known(order.version);
      if (runnable) supervisor.admit(container);
      const worker = runnable && pool.ownWorkerOf(container);
      if (!worker) return prepareAndRun(order);
      return order.onReady() ? runIn(worker, runnable, order) : LEFT;
    },
    async close() {
      supervisor.close();
      await pool.close();
    },
  };
}

const LEFT: Promise<undefined> = Promise.resolve(undefined);

function storageKeyOf({ container, name }: RunSettings): Runnable['storageKey'] {
  return name === undefined ? undefined : storageKey(container, name);
}
