import { LRUCache } from 'lru-cache';
import { fail } from '../../errors.ts';
import type { Item, Store } from '../../store/index.ts';
import { inBatches } from './batches.ts';

/** What a container may have of something. */
export interface Quota {
  /** What it is, as a word for messages: `webtasks`. */
  readonly what: string;
  /** 0 for as much as it wants. */
  readonly max: number;
  /** The setting that raises it. */
  readonly setting: string;
  /** Counts what a container has, by going through all of it. */
  count(container: string): Promise<number>;
}

/** How much containers have of something. */
export interface Usage {
  /**
   * Adds to what a container has, before it is written.
   *
   * @throws QUOTA_EXCEEDED
   */
  take(container: string, amount: number): Promise<void>;
  /** Takes away from what a container has, after it is gone. Where the store does not answer, it stays counted. */
  give(container: string, amount: number): Promise<void>;
  of(container: string): Promise<number>;
}

/** What is kept for each container. */
interface Kept {
  readonly used: number;
  /** When it last changed, in seconds since the epoch. */
  readonly at: number;
}

/** Each of them means that another server has changed it meanwhile. */
const MAX_ATTEMPTS = 100;
/** Seconds without a change after which what is counted again can be relied upon: a write takes less. */
const QUIET = 60;
/** Seconds until a container that is full is counted again. */
const RECOUNT_EVERY = 600;
const REMEMBERED = 1000;

/**
 * Makes the count of something, one item for each container, changed by conditional writes.
 *
 * Where a process dies between the count and what it counts, the count is too high, never too low. So a container that
 * has reached its quota is counted again, once nothing has changed for a minute, and at most every ten minutes.
 *
 * @param now - seconds since the epoch
 */
export function createUsage(quota: Quota, openStore: () => Promise<Store>, now: () => number): Usage {
  const { what, max, setting, count } = quota;
  /** What this server last saw: `null` for nothing. */
  const seen = new LRUCache<string, { item: Item | null }>({ max: REMEMBERED });
  const recounted = new LRUCache<string, number>({ max: REMEMBERED });

  const keyOf = (container: string) => ({ partition: `usage/${container}`, sort: what });

  async function read(container: string): Promise<Item | null> {
    const item = (await (await openStore()).get(keyOf(container))) ?? null;
    seen.set(container, { item });
    return item;
  }

  /** Gives whether nobody else has written meanwhile. */
  async function write(container: string, used: number, before: Item | null): Promise<boolean> {
    const key = keyOf(container);
    const value: Kept = { used, at: now() };
    const written = await (await openStore()).put(key, value, { expected: before?.version ?? null });
    const item = written.ok ? { ...key, value, version: written.version } : (written.current ?? null);
    seen.set(container, { item });
    return written.ok;
  }

  function mayRecount(container: string, item: Item): boolean {
    const { at } = item.value as Kept; // as written above
    return now() - at > QUIET && now() - (recounted.get(container) ?? Number.NEGATIVE_INFINITY) > RECOUNT_EVERY;
  }

  const change = inBatches(async (container, amount) => {
    if (amount === 0) return;
    let isFresh = false;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const known = seen.get(container);
      const item = known ? known.item : await read(container);
      isFresh ||= !known;
      // What a container has from before it was counted is found by going through it once.
      const used = item ? (item.value as Kept).used : await count(container); // as written above
      const next = Math.max(0, used + amount);
      if (amount <= 0 || max === 0 || next <= max) {
        if (await write(container, next, item)) return;
        continue;
      }
      if (!isFresh) {
        await read(container); // another server may have given some back
        isFresh = true;
        continue;
      }
      if (item && mayRecount(container, item)) {
        recounted.set(container, now());
        await write(container, await count(container), item);
        continue;
      }
      fail('QUOTA_EXCEEDED', { container, wanted: next, max, what, setting });
    }
    fail('STORE_UNREACHABLE', { reason: 'the use of a container changes faster than it can be counted' });
  });

  return {
    take: change,
    give: (container, amount) => change(container, -amount).catch(() => undefined),
    async of(container) {
      const item = await read(container);
      return item ? (item.value as Kept).used : count(container); // as written above
    },
  };
}
