import { fail } from '../errors.ts';
import type { Runnable } from './request-runs.ts';
import type { Worker } from './start-worker.ts';

/** How many workers there are, and how long they live. */
export interface PoolLimits {
  /** Workers that are started and belong to no container yet. */
  readonly spare: number;
  /** Workers in all. */
  readonly max: number;
  /** Requests that may wait for a worker. */
  readonly maxWaiting: number;
  /** Milliseconds without a request after which a worker is recycled. */
  readonly idleMs: number;
  /** Milliseconds after which a worker is recycled whatever it does. */
  readonly maxAgeMs: number;
  /** Requests after which a worker is recycled. */
  readonly maxRequests: number;
}

/** Workers for containers. */
export interface Pool {
  /**
   * Gives the worker of a container: its own, one that belongs to nobody yet, or a new one.
   *
   * @throws WORKERS_BUSY, WORKER_NOT_STARTED
   */
  workerOf(container: string): Promise<Worker>;
  /** Has the worker of a container forget what it compiled. */
  forget(container: string, runnable: Runnable): void;
  /** Ends the worker of a container, and says whether it had one. */
  recycle(container: string, reason: string): boolean;
  /** Recycles those that have lived their time; it does so by itself, too. */
  sweep(): void;
  /** Ends all workers. */
  close(): Promise<void>;
}

interface Assigned {
  readonly worker: Worker;
  readonly since: number;
  requests: number;
  usedAt: number;
}

/** Between two looks at who has been idle or alive too long. */
const SWEEP_MS = 1000;
/** What a caller is told to wait who found all workers busy. */
const RETRY_SECONDS = 1;

/**
 * Keeps one worker for each container that is in use, and a few started ones for those to come.
 *
 * A worker that has lived its time gets no more requests, and ends when it has answered those it has.
 *
 * @param start - starts a worker, which says when it has nothing to do any more
 * @param now - milliseconds, of a clock that only goes forward
 * @see protocol reference 2.9
 */
export function createPool(
  start: (onIdle: () => void) => Promise<Worker>,
  limits: PoolLimits,
  now: () => number,
): Pool {
  const assigned = new Map<string, Promise<Assigned>>();
  const settled = new Map<string, Assigned>();
  const spare: Promise<Worker>[] = [];
  /** Every process that has not ended, assigned or not. */
  const alive = new Set<Worker>();
  /** Those that get no more requests, and why. */
  const retiring = new Map<Worker, string>();
  let starting = 0;
  const waiting: (() => void)[] = [];
  let isClosed = false;

  async function startOne(): Promise<Worker> {
    starting += 1;
    try {
      const worker = await start(onIdle);
      alive.add(worker);
      worker.ended.then(() => {
        alive.delete(worker);
        retiring.delete(worker);
        waiting.shift()?.();
      });
      if (isClosed) worker.kill('the server stops');
      return worker;
    } finally {
      starting -= 1;
    }
  }

  function fill(): void {
    while (!isClosed && spare.length < limits.spare && alive.size + starting < limits.max) {
      const worker = startOne();
      spare.push(worker);
      const forget = (): void => void (spare.includes(worker) && spare.splice(spare.indexOf(worker), 1));
      worker.then((it) => it.ended).then(forget, forget);
    }
  }

  /** Has the worker that was used least recently make room, if one has nothing to do. */
  function makeRoom(): boolean {
    let oldest: [string, Assigned] | undefined;
    for (const entry of settled) {
      if (entry[1].worker.count === 0 && (!oldest || entry[1].usedAt < oldest[1].usedAt)) oldest = entry;
    }
    if (!oldest) return false;
    retire(oldest[0], 'another container needs its place');
    return true;
  }

  async function take(): Promise<Worker> {
    while (true) {
      const ready = spare.shift();
      if (ready) return ready;
      if (alive.size + starting < limits.max) return startOne();
      if (waiting.length >= limits.maxWaiting) fail('WORKERS_BUSY', { max: limits.max, retryAfter: RETRY_SECONDS });
      const room = new Promise<void>((resolve) => waiting.push(resolve));
      makeRoom();
      await room;
    }
  }

  async function assign(container: string): Promise<Assigned> {
    const worker = await take();
    const it: Assigned = { worker, since: now(), requests: 0, usedAt: now() };
    settled.set(container, it);
    worker.ended.then(() => leave(container, it));
    setImmediate(fill); // after this request is on its way
    return it;
  }

  function leave(container: string, it: Assigned): void {
    if (settled.get(container) !== it) return;
    settled.delete(container);
    assigned.delete(container);
  }

  function retire(container: string, reason: string): void {
    const it = settled.get(container);
    if (!it) return;
    leave(container, it);
    if (it.worker.count === 0) it.worker.kill(reason);
    else retiring.set(it.worker, reason);
  }

  function onIdle(): void {
    for (const [worker, reason] of retiring) if (worker.count === 0) worker.kill(reason);
    if (waiting.length > 0) makeRoom();
  }

  function sweep(): void {
    for (const [container, { worker, since, usedAt, requests }] of settled) {
      if (worker.count === 0 && now() - usedAt >= limits.idleMs) retire(container, 'it had nothing to do');
      else if (now() - since >= limits.maxAgeMs) retire(container, 'it was old');
      else if (requests >= limits.maxRequests) retire(container, 'it had answered enough requests');
    }
  }
  async function workerOf(container: string): Promise<Worker> {
    let found = assigned.get(container);
    if (!found) {
      found = assign(container);
      assigned.set(container, found);
      found.catch(() => assigned.delete(container));
    }
    const it = await found;
    if (!it.worker.isFit) {
      // Of several requests that find it so, one sees to that.
      if (settled.get(container) === it) retire(container, 'one of its webtasks replaced what all need');
      return workerOf(container);
    }
    it.requests += 1;
    it.usedAt = now();
    return it.worker;
  }

  const timer = setInterval(sweep, SWEEP_MS).unref();
  fill();

  return {
    workerOf,
    forget: (container, runnable) => settled.get(container)?.worker.forget(runnable),
    recycle(container, reason) {
      const it = settled.get(container);
      if (!it) return false;
      leave(container, it);
      it.worker.kill(reason);
      return true;
    },
    sweep,
    async close() {
      isClosed = true;
      clearInterval(timer);
      const all = [...alive];
      for (const worker of all) worker.kill('the server stops');
      await Promise.all([
        ...all.map(({ ended }) => ended),
        ...spare.map((it) =>
          it.then(
            ({ ended }) => ended,
            () => '',
          ),
        ),
      ]);
    },
  };
}
