import { createSupervisor, type Limits, type StartOne, type Worker } from '../../worker/index.ts';
import { CONTAINER } from './dev-runner.ts';

/** The one worker that runs the webtasks of a project. */
export interface OneWorker {
  /**
   * Gives it; another one where the last has ended, or is fit for nothing more.
   *
   * @throws WORKER_NOT_STARTED, CONTAINER_CPU_SPENT
   */
  get(): Promise<Worker>;
  /** Has another one take its place. */
  replace(): void;
  /** Ends all there are. */
  close(): Promise<void>;
}

/** Milliseconds in which a worker that was replaced can answer what it has begun with. */
const REPLACED_MS = 5_000;
const REASON = 'its code has changed';

/**
 * Starts a worker, and another one whenever that is gone or is to be replaced.
 *
 * @param isInspected - whether it is looked at with a debugger, so that it is limited in nothing but memory, and there
 * can be only one at a time
 */
export function keepOneWorker(start: StartOne, limits: Limits, isInspected: boolean): OneWorker {
  const alive = new Set<Worker>();
  const retiring = new Set<Worker>();
  // What was used before a change is not held against what is there after it.
  const supervise = () => createSupervisor(limits, () => performance.now());
  let supervisor = supervise();
  let isClosed = false;
  /** Whether it may have loaded anything. */
  let isUsed = false;
  let current = startOne();

  function startOne(before?: Promise<unknown>): Promise<Worker> {
    isUsed = false;
    const starting = (before ?? Promise.resolve()).then(async () => {
      const worker = await start(endRetired);
      alive.add(worker);
      worker.ended.then(() => {
        alive.delete(worker);
        retiring.delete(worker);
      });
      if (isClosed) worker.kill('the server stops');
      return worker;
    });
    starting.catch(() => undefined); // who asks for it is told
    return starting;
  }

  function retire(worker: Worker): void {
    retiring.add(worker);
    setImmediate(endRetired); // a request that was given it in this turn has been sent by then
    setTimeout(() => worker.kill(REASON), REPLACED_MS).unref();
  }

  function endRetired(): void {
    for (const worker of retiring) if (worker.count === 0) worker.kill(REASON);
  }

  function replace(): void {
    if (!isUsed) return;
    const old = current;
    supervisor = supervise();
    if (isInspected) {
      // The port is free when it has ended, and nobody waits for what stands still.
      current = startOne(old.then(end, () => undefined));
    } else {
      current = startOne();
      old.then(retire, () => undefined);
    }
  }

  return {
    async get() {
      for (;;) {
        if (!isInspected) supervisor.admit(CONTAINER);
        const asked = current;
        isUsed = true;
        const worker = await asked.catch((error: unknown) => {
          if (current === asked) current = startOne(); // for the next request
          throw error;
        });
        if (current !== asked) continue; // it was replaced meanwhile
        if (alive.has(worker) && worker.isFit) {
          if (!isInspected) supervisor.watch(CONTAINER, worker);
          return worker;
        }
        if (alive.has(worker) && !isInspected) retire(worker);
        current = startOne(isInspected ? end(worker) : undefined);
      }
    },
    replace,
    async close() {
      isClosed = true;
      const last = await current.catch(() => undefined);
      for (const worker of alive) worker.kill('the server stops');
      await Promise.all([last?.ended, ...[...alive].map(({ ended }) => ended)]);
    },
  };
}

function end(worker: Worker): Promise<string> {
  worker.kill(REASON);
  return worker.ended;
}
