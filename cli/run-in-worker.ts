import { dirname } from 'node:path';
import { readProject } from '../runtime/project/index.ts';
import { type DevWebtask, openDevRunner, type RunOnce } from '../runtime/server/dev/index.ts';
import { createMemoryStore } from '../runtime/store/memory.ts';
import { type Isolation, readLimits } from '../runtime/worker/index.ts';

/** What sends requests to a webtask, and what ends it. */
export interface ReadyWebtask {
  readonly run: RunOnce;
  close(): Promise<void>;
}

/**
 * Makes a webtask ready in a process of its own, which can read the folder of its project.
 *
 * @throws SANDBOX_UNAVAILABLE, NETWORK_UNAVAILABLE, WORKER_NOT_STARTED
 */
export async function openInWorker(webtask: DevWebtask, isolation: Isolation, limitMs: number): Promise<ReadyWebtask> {
  const runner = await openDevRunner({
    isolation,
    folder: readProject(dirname(webtask.file)).folder,
    otherFolders: [],
    limits: readLimits(process.env),
    limitMs,
    documents: createMemoryStore(),
    onOutput: webtask.onLine,
  });
  return { run: await runner.load(webtask), close: runner.close };
}
