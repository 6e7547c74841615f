import { fail } from '../errors.ts';

/** How many workers there are, and how long they live. */
export interface PoolLimits {
  /** Workers that are started and belong to no container yet. */
  readonly spare: number;
  /** Workers in all. */
  readonly max: number;
  /** Requests that may wait for a worker; of one container half as many. */
  readonly maxWaiting: number;
  /** Milliseconds that a request may wait for a worker. */
  readonly maxWaitMs: number;
  /** Milliseconds without a request after which a worker is recycled. */
  readonly idleMs: number;
  /** Milliseconds after which a worker is recycled whatever it does. */
  readonly maxAgeMs: number;
  /** Requests after which a worker is recycled. */
  readonly maxRequests: number;
  /** Milliseconds that a container waits for its next worker where those before have ended one after the other. */
  readonly restartMs: number;
  /** Bytes that a worker may keep when it has nothing to do. */
  readonly maxKeptBytes: number;
}

/** What of the memory of a container a worker may keep: the rest is for its next requests. */
const KEPT_SHARE = 0.5;

/**
 * Reads how many workers a server has, and how long they live.
 *
 * @param memoryBytes - what each of them can have
 * @throws SETTING_INVALID
 */
export function readPoolLimits(env: NodeJS.ProcessEnv, memoryBytes: number): PoolLimits {
  const read = (setting: string, byDefault: number, least: number): number => {
    const text = env[setting];
    if (!text) return byDefault;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (value < least) fail('SETTING_INVALID', { setting, reason: `it is no whole number from ${least}` });
    return value;
  };
  return {
    max: read('WEBTASK_WORKERS', 50, 1),
    spare: read('WEBTASK_SPARE_WORKERS', 1, 0),
    idleMs: read('WEBTASK_WORKER_IDLE_MS', 10 * 60_000, 1),
    restartMs: read('WEBTASK_WORKER_RESTART_MS', 2_000, 0),
    maxWaiting: 1000,
    maxWaitMs: 10_000,
    maxAgeMs: 60 * 60_000,
    maxRequests: 1_000_000,
    maxKeptBytes: memoryBytes * KEPT_SHARE,
  };
}
