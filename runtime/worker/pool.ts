import { fail, WebtaskError } from '../errors.ts';
import { memoryOf } from './limits/memory-of.ts';
import type { PoolLimits } from './pool-limits.ts';
import type { Runnable } from './request-runs.ts';
import { createRestarts } from './restarts.ts';
import type { Worker } from './start-worker.ts';

/** Workers for containers. */
export interface Pool {
  /**
   * Gives the worker of a container: its own, one that belongs to nobody yet, or a new one.
   *
   * @throws WORKERS_BUSY, WORKER_NOT_STARTED
   */
  workerOf(container: string): Promise<Worker>;
  /** Gives the worker that a container has, where it has one that can take a request. */
  ownWorkerOf(container: string): Worker | undefined;
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

/** A container that waits for a worker. */
interface Waiting {
  readonly making: Promise<Assigned>;
  requests: number;
}

/** Between two looks at who has been idle or alive too long. */
const SWEEP_MS = 1000;
/** Looks between two at the memory of those that have nothing to do. */
const SWEEPS_PER_MEMORY = 30;
/** Of all workers, how many may be kept spare by ending others. */
const SPARE_SHARE = 0.1;
/** How long the next worker is not started for the sake of a container's first answer, where that takes longer. */
const FIRST_ANSWER_MS = 50;
/** What a caller is told to wait who found all workers busy. */
const RETRY_SECONDS = 1;

/**
 * Keeps one worker for each container that is in use, and a few started ones for those to come.
 *
 * A container whose workers end one after the other waits for the next one, with what is asked of it.
 *
 * A worker that has lived its time gets no more requests, and ends when it has answered those it has, or the next one of
 * its container has lived its time too.
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
  const assigned = new Map<string, Assigned>();
  const assigning = new Map<string, Waiting>();
  const spare: Promise<Worker>[] = [];
  /** Every process that has not ended, assigned or not. */
  const alive = new Set<Worker>();
  /** Those that get no more requests, whose they were, and why. */
  const retiring = new Map<Worker, { readonly container: string; readonly reason: string }>();
  const restarts = createRestarts(limits.restartMs, now);
  let starting = 0;
  /** Containers for which there is no place, first come first served. */
  const queue: (() => void)[] = [];
  let waiting = 0;
  let isClosed = false;
  let sweeps = 0;
  /** The worker that was assigned last, until it has answered. */
  let newest: Worker | undefined;
  let preparing: NodeJS.Timeout | undefined;

  async function startOne(): Promise<Worker> {
    starting += 1;
    try {
      const worker = await start(() => onIdle(worker));
      alive.add(worker);
      worker.ended.then(() => {
        alive.delete(worker);
        const wasRetired = retiring.delete(worker);
        const next = queue.shift();
        if (next) next();
        else if (wasRetired) fill();
      });
      if (isClosed) worker.kill('the server stops');
      return worker;
    } catch (error) {
      queue.shift()?.(); // its place is free
      throw error;
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

  /** Places that are wanted: by requests, and for spare workers where these take few of all places. */
  function wanted(): number {
    const isFull = alive.size + starting >= limits.max;
    const forSpare = isFull && limits.spare <= limits.max * SPARE_SHARE ? limits.spare - spare.length : 0;
    return queue.length + forSpare;
  }

  /** Has the worker that was used least recently make room, if one has nothing to do and room is not being made. */
  function makeRoom(): void {
    let ending = 0;
    for (const worker of retiring.keys()) if (worker.count === 0) ending += 1;
    if (isClosed || ending >= wanted()) return;
    let oldest: [string, Assigned] | undefined;
    for (const entry of assigned) {
      if (entry[1].worker.count === 0 && (!oldest || entry[1].usedAt < oldest[1].usedAt)) oldest = entry;
    }
    if (oldest) retire(oldest[0], 'another container needs its place');
  }

  async function take(): Promise<Worker> {
    while (true) {
      const ready = spare.shift();
      if (ready) return ready;
      if (alive.size + starting < limits.max) return startOne();
      const place = new Promise<void>((resolve) => queue.push(resolve));
      makeRoom();
      await place;
    }
  }

  async function assign(container: string): Promise<Assigned> {
    const waitMs = restarts.waitOf(container);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
    const worker = await take();
    const it: Assigned = { worker, since: now(), requests: 0, usedAt: now() };
    assigned.set(container, it);
    worker.ended.then(() => {
      if (assigned.get(container) === it) restarts.ended(container);
      leave(container, it);
    });
    newest = worker;
    preparing ??= setTimeout(prepare, FIRST_ANSWER_MS).unref();
    if (queue.length > 0) setImmediate(makeRoom); // now that this request is on its way
    return it;
  }

  /** Makes ready for the next container: not before an answer, since to start a process holds up all else. */
  function prepare(): void {
    clearTimeout(preparing);
    preparing = undefined;
    fill();
    makeRoom();
  }

  /** Gives the worker of a container as soon as there is one. */
  async function waitFor(container: string): Promise<Assigned> {
    let it = assigning.get(container);
    const isTooMuch = waiting >= limits.maxWaiting || (it?.requests ?? 0) >= limits.maxWaiting / 2;
    if (isTooMuch) return fail('WORKERS_BUSY', { max: limits.max, retryAfter: RETRY_SECONDS });
    if (!it) {
      it = { making: assign(container), requests: 0 };
      assigning.set(container, it);
      const isOver = (): void => void assigning.delete(container);
      it.making.then(isOver, isOver);
    }
    waiting += 1;
    it.requests += 1;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      const error = new WebtaskError('WORKERS_BUSY', { max: limits.max, retryAfter: RETRY_SECONDS });
      timer = setTimeout(reject, limits.maxWaitMs, error);
    });
    try {
      return await Promise.race([it.making, tooLong]);
    } finally {
      clearTimeout(timer);
      waiting -= 1;
      it.requests -= 1;
    }
  }

  function leave(container: string, it: Assigned): void {
    if (assigned.get(container) === it) assigned.delete(container);
  }

  function retire(container: string, reason: string): void {
    const it = assigned.get(container);
    if (!it) return;
    leave(container, it);
    // Answers without end must not have one container keep the places of others, one after the other.
    for (const [worker, other] of retiring) if (other.container === container) worker.kill(other.reason);
    retiring.set(it.worker, { container, reason });
    setImmediate(endRetired); // a request that was given it in this turn has been sent by then
  }

  function endRetired(): void {
    for (const [worker, { reason }] of retiring) if (worker.count === 0) worker.kill(reason);
  }

  function onIdle(worker: Worker): void {
    endRetired();
    makeRoom();
    if (worker !== newest) return;
    newest = undefined;
    setImmediate(prepare); // the answer has gone by then
  }

  function sweep(): void {
    sweeps += 1;
    restarts.sweep();
    for (const [container, it] of assigned) {
      const { worker, since, usedAt, requests } = it;
      if (worker.count === 0 && now() - usedAt >= limits.idleMs) retire(container, 'it had nothing to do');
      else if (now() - since >= limits.maxAgeMs) retire(container, 'it was old');
      else if (requests >= limits.maxRequests) retire(container, 'it had answered enough requests');
      else if (worker.count === 0 && sweeps % SWEEPS_PER_MEMORY === 0 && memoryOf(worker.pid) > limits.maxKeptBytes) {
        retire(container, 'it had kept too much memory');
      }
    }
  }

  function ownWorkerOf(container: string): Worker | undefined {
    const it = assigned.get(container);
    return it?.worker.isFit ? use(it) : undefined;
  }

  async function workerOf(container: string): Promise<Worker> {
    const it = assigned.get(container) ?? (await waitFor(container));
    if (it.worker.isFit) return use(it);
    // Of several requests that find it so, one sees to that.
    if (assigned.get(container) === it) {
      restarts.ended(container);
      retire(container, 'one of its webtasks left it unfit for others');
    }
    return workerOf(container);
  }

  function use(it: Assigned): Worker {
    it.requests += 1;
    it.usedAt = now();
    return it.worker;
  }

  const timer = setInterval(sweep, SWEEP_MS).unref();
  fill();

  return {
    workerOf,
    ownWorkerOf,
    forget: (container, runnable) => assigned.get(container)?.worker.forget(runnable),
    recycle(container, reason) {
      const it = assigned.get(container);
      if (!it) return false;
      leave(container, it);
      it.worker.kill(reason);
      return true;
    },
    sweep,
    async close() {
      isClosed = true;
      clearInterval(timer);
      clearTimeout(preparing);
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
