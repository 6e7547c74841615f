import { fail } from '../../errors.ts';
import type { Item, Store } from '../../store/index.ts';
import type { Allowance, LimitClaim, Scope } from './allowances.ts';
import { type Block, type Count, expiryOf, readCounts, type StoredCounts, takeBlock } from './counts.ts';
import { endingOf, noteEnding } from './endings.ts';
import { windowOf } from './windows.ts';

/** Whether one more run is within a limit: it is, it is not until a time, or the store has to be asked. */
export type Standing = 'within' | 'unknown' | { readonly exceededUntil: number };

/** The counts of one container or token, as this server knows them. */
export interface Tally {
  /** @param now - seconds since the epoch */
  look(allowance: Allowance, now: number): Standing;
  /** Counts a run in limits that it is within. */
  spend(allowances: readonly Allowance[]): void;
  /**
   * Reserves the next block of each limit that has none left, by one conditional write.
   *
   * @throws STORE_UNREACHABLE
   */
  reserve(allowances: readonly Allowance[], now: number): Promise<void>;
  /** How many runs of a window this server has reserved and not let through. */
  unspent(claim: LimitClaim, window: number): number;
}

/** For how long a limit that is used up is believed to be: it may have been reset on another server. */
const BELIEVED = 10;
/** Each of them means that another server has reserved meanwhile. */
const MAX_ATTEMPTS = 100;

/**
 * Makes the tally of a scope.
 *
 * The runs of a window have numbers. Servers reserve ranges of them in the store and give them out from memory; a token
 * gets only numbers below its own limit. So no number is given out twice, and of several tokens with different limits
 * each stops at its own.
 */
export function createTally({ key, ten }: Pick<Scope, 'key' | 'ten'>, openStore: () => Promise<Store>): Tally {
  const blocks = new Map<LimitClaim, Block>();
  /** What the store holds, as far as this server has seen. */
  let stored: StoredCounts = { counts: {} };
  let version: string | null = null;
  let believedUntil = 0;
  let reserving: Promise<void> | undefined;

  function see(item: Item | undefined): void {
    stored = readCounts(item);
    version = item?.version ?? null;
    // What the store does not count any more was reset, and is not this server's either.
    for (const [claim, block] of blocks) if (!covers(stored.counts[claim], block)) blocks.delete(claim);
  }

  function look({ claim, period, limit }: Allowance, now: number): Standing {
    const { start } = windowOf(period, now);
    const block = blocks.get(claim);
    const isCurrent = block !== undefined && block.window >= start && block.next < block.end;
    if (isCurrent && block.next < limit) return 'within';
    const count = stored.counts[claim];
    const isUsedUp = count !== undefined && count.window >= start && (isCurrent || count.reserved >= limit);
    if (!isUsedUp || now >= believedUntil) return 'unknown';
    return { exceededUntil: windowOf(period, count.window).end };
  }

  async function reserveOnce(allowances: readonly Allowance[], now: number): Promise<void> {
    const store = await openStore();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const counts = { ...stored.counts };
      const taken = new Map<LimitClaim, Block>();
      for (const allowance of allowances) {
        const { claim } = allowance;
        const next = look(allowance, now) === 'unknown' ? takeBlock(counts[claim], allowance, now) : undefined;
        if (!next || isHeld(blocks.get(claim), next.block.window)) continue;
        taken.set(claim, next.block);
        counts[claim] = next.count;
      }
      if (taken.size === 0) {
        // By what was last seen nothing is left: what is there now decides.
        const before = version;
        see(await store.get(key));
        if (version !== before) continue;
        believedUntil = now + BELIEVED;
        return;
      }
      const expires = expiryOf(counts);
      const ending = endingOf(expires);
      if (ending !== stored.ending) await noteEnding(store, key, ending, now);
      const value: StoredCounts = { ...(ten !== undefined && { ten }), counts, ending };
      const written = await store.put(key, value, { expected: version, expires });
      if (written.ok) {
        stored = value;
        version = written.version;
        for (const [claim, block] of taken) blocks.set(claim, block);
        believedUntil = now + BELIEVED;
        return;
      }
      see(written.current);
    }
    fail('STORE_UNREACHABLE', { reason: 'the counts change faster than they can be written' });
  }

  return {
    look,
    spend(allowances) {
      for (const { claim } of allowances) {
        const block = blocks.get(claim);
        if (block) block.next += 1;
      }
    },
    reserve(allowances, now) {
      // Who comes meanwhile may find enough in what is being reserved.
      reserving ??= reserveOnce(allowances, now).finally(() => {
        reserving = undefined;
      });
      return reserving;
    },
    unspent(claim, window) {
      const block = blocks.get(claim);
      return block?.window === window ? block.end - block.next : 0;
    },
  };
}

/** Whether a block of that window has runs left. */
function isHeld(block: Block | undefined, window: number): boolean {
  return block !== undefined && block.window >= window && block.next < block.end;
}

function covers(count: Count | undefined, { window, end }: Block): boolean {
  return count !== undefined && (count.window > window || (count.window === window && count.reserved >= end));
}
