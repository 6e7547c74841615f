import { LRUCache } from 'lru-cache';
import { entries } from '../../entries.ts';
import type { Key, Store } from '../../store/index.ts';
import { coversContainers, type TokenClaims } from '../../token/index.ts';
import {
  type Allowance,
  containerKey,
  LIMITS,
  type LimitClaim,
  type Scope,
  scopesOf,
  tokenPartition,
} from './allowances.ts';
import { charge } from './charge.ts';
import { readCounts, type StoredCounts } from './counts.ts';
import { createTally, type Tally } from './tally.ts';
import { windowOf } from './windows.ts';

/** How many runs are left, by claim; 0 where nothing is counted, and where nothing is left. */
export type Remaining = Readonly<Partial<Record<LimitClaim, number>>>;

/** The rate limits of containers and tokens. */
export interface Limits {
  /**
   * Counts a run in every limit that its token has, or in none where one of them is used up. A token without limits
   * costs nothing.
   *
   * @throws LIMIT_EXCEEDED, LIMIT_UNCHARGED where the store does not answer, TOKEN_CLAIM_NEEDS
   */
  charge(claims: TokenClaims, container: string): Promise<void>;
  /** What is left of a container's limits. */
  ofContainer(container: string): Promise<Remaining>;
  /**
   * What is left of a token's own limits.
   *
   * @param ten - containers of the caller; of a token that is for others nothing is said
   */
  ofToken(jti: string, ten: string | undefined): Promise<Remaining>;
  /** Has a container begin anew in all windows. */
  resetContainer(container: string): Promise<void>;
  resetToken(jti: string): Promise<void>;
}

/** Containers and tokens whose counts are remembered. What is forgotten loses the block that it had reserved. */
const REMEMBERED = 10_000;
/** Tokens of different containers that have the same id. */
const MAX_NAMESAKES = 100;

/**
 * Makes the limits of a cluster.
 *
 * @param now - seconds since the epoch
 * @param remembered - how many containers and tokens are kept in memory
 * @see protocol reference 5.2, 5.7
 */
export function createLimits(
  openStore: () => Promise<Store>,
  now: () => number = () => Date.now() / 1000,
  remembered = REMEMBERED,
): Limits {
  const tallies = new LRUCache<string, Tally>(entries(remembered));

  function tallyOf(scope: Pick<Scope, 'key' | 'ten'>): Tally {
    const name = nameOf(scope.key);
    const tally = tallies.get(name) ?? createTally(scope, openStore);
    tallies.set(name, tally);
    return tally;
  }

  async function reset(key: Key): Promise<void> {
    await (await openStore()).remove(key);
    tallies.delete(nameOf(key));
  }

  function remaining(kind: Scope['kind'], key: Key, { counts }: StoredCounts): Remaining {
    const tally = tallies.peek(nameOf(key));
    const left = (Object.entries(LIMITS[kind]) as [LimitClaim, Allowance['period']][]).map(([claim, period]) => {
      const count = counts[claim];
      if (!count) return [claim, 0];
      if (count.window < windowOf(period, now()).start) return [claim, count.limit];
      return [claim, count.limit - count.reserved + (tally?.unspent(claim, count.window) ?? 0)];
    });
    return Object.fromEntries(left) as Remaining; // its entries are those of LIMITS
  }

  return {
    async charge(claims, container) {
      const scopes = scopesOf(claims, container);
      if (scopes.length === 0) return;
      const counted = scopes.map((scope) => ({ scope, tally: tallyOf(scope) }));
      await charge(counted, now);
    },
    async ofContainer(container) {
      const key = containerKey(container);
      return remaining('container', key, readCounts(await (await openStore()).get(key)));
    },
    async ofToken(jti, ten) {
      const items = await (await openStore()).list(tokenPartition(jti), { limit: MAX_NAMESAKES });
      const item = items.find((it) => coversContainers(ten, readCounts(it).ten));
      return remaining('token', item ?? { partition: tokenPartition(jti), sort: 'none' }, readCounts(item));
    },
    resetContainer: (container) => reset(containerKey(container)),
    async resetToken(jti) {
      for (const item of await (await openStore()).list(tokenPartition(jti), { limit: MAX_NAMESAKES }))
        await reset(item);
    },
  };
}

function nameOf({ partition, sort }: Key): string {
  return `${partition}\n${sort}`;
}
