import { createPool } from '../../runtime/worker/pool.ts';
import { type PoolLimits, readPoolLimits } from '../../runtime/worker/pool-limits.ts';
import type { Worker } from '../../runtime/worker/start-worker.ts';

/** The limits of such a pool where a test says nothing else. */
export const LIMITS: PoolLimits = {
  ...readPoolLimits({}, 256 << 20),
  spare: 1,
  max: 3,
  maxWaiting: 10,
  idleMs: 60_000,
  maxAgeMs: 600_000,
  maxRequests: 100,
  restartMs: 0,
};

/** A process that only lives and dies: what the pool has to do with one. */
export interface Process extends Worker {
  count: number;
  isFit: boolean;
  readonly onIdle: () => void;
  killed: string | undefined;
}

/** A pool whose workers are such processes, and whose clock stands still. */
export function poolOf(limits: Partial<PoolLimits> = {}) {
  const started: Process[] = [];
  const clock = { now: 0 };
  const start = async (onIdle: () => void): Promise<Worker> => {
    let end: (reason: string) => void = () => undefined;
    const it: Process = {
      pid: started.length + 1,
      count: 0,
      isFit: true,
      onIdle,
      killed: undefined,
      ended: new Promise((resolve) => {
        end = resolve;
      }),
      kill(reason) {
        it.killed ??= reason;
        end(reason);
      },
      run: () => Promise.reject(new Error('not asked for')),
      forget: () => undefined,
      ping: () => undefined,
      where: async () => undefined,
      breach: () => undefined,
    };
    started.push(it);
    return it;
  };
  return { pool: createPool(start, { ...LIMITS, ...limits }, () => clock.now), started, clock, start };
}

/** Resolves at the end of this turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
