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
  /** Limits nothing that a supervisor does, as long as a debugger is attached. */
  attach(isAttached: boolean): void;
  /** Ends all there are. */
  close(): Promise<void>;
}

/** Milliseconds in which a worker that was replaced can answer what it has begun with. */
const REPLACED_MS = 5_000;
const REASON = 'its code has changed';

/** Starts a worker, and another one whenever that is gone or is to be replaced. */
export function keepOneWorker(start: StartOne, limits: Limits): OneWorker {
  const alive = new Set<Worker>();
  const retiring = new Set<Worker>();
  // What was used before a change, or with a debugger, is not held against what is there after it.
  const supervise = () => createSupervisor(limits, () => performance.now());
  let supervisor = supervise();
  let isAttached = false;
  let isClosed = false;
  /** Whether it may have loaded anything. */
  let isUsed = false;
  let current = startOne();

  function startOne(): Promise<Worker> {
    isUsed = false;
    const starting = start(endRetired).then((worker) => {
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
    current = startOne();
    // Nobody waits for what stands still.
    old.then(isAttached ? (worker) => worker.kill(REASON) : retire, () => undefined);
  }

  function attach(isTrue: boolean): void {
    isAttached = isTrue;
    supervisor.close();
    supervisor = supervise();
    if (!isAttached) for (const worker of alive) supervisor.watch(CONTAINER, worker);
  }

  return {
    async get() {
      for (;;) {
        supervisor.admit(CONTAINER);
        const asked = current;
        isUsed = true;
        const worker = await asked.catch((error: unknown) => {
          if (current === asked) current = startOne(); // for the next request
          throw error;
        });
        if (current !== asked) continue; // it was replaced meanwhile
        if (alive.has(worker) && worker.isFit) {
          if (!isAttached) supervisor.watch(CONTAINER, worker);
          return worker;
        }
        if (alive.has(worker)) retire(worker);
        current = startOne();
      }
    },
    replace,
    attach,
    async close() {
      isClosed = true;
      const last = await current.catch(() => undefined);
      for (const worker of alive) worker.kill('the server stops');
      await Promise.all([last?.ended, ...[...alive].map(({ ended }) => ended)]);
    },
  };
}
