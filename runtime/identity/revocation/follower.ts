import { WebtaskError } from '../../errors.ts';
import type { RevocationStatus, VerifiedToken } from '../revocation-status.ts';
import { ageOf, type Clock, type Moment } from './clock.ts';
import { createDenylist } from './denylist.ts';
import type { FeedPage } from './feed-pages.ts';
import { createKeys } from './key.ts';
import { createMatcher } from './match.ts';
import { share } from './share.ts';

/** The revocations of a tenant, as far as they were read from its feed. */
export interface Follower {
  check(token: VerifiedToken): RevocationStatus;
  /**
   * Reads on until there is no more, once for all who ask before it begins.
   *
   * @throws REVOCATION_FEED
   */
  poll(): Promise<void>;
  /** Whether everything was known once. */
  isReady(): boolean;
  /** Lets go of some of what has ended. */
  sweep(): void;
  /** Has a poll that is under way end with the page that it waits for. */
  close(): void;
}

/** What a follower works with. */
export interface FollowerOptions {
  readonly tenant: string;
  readonly url: string;
  /** Reads a page of the feed, from whichever server answers. */
  readonly read: (after: string | undefined) => Promise<FeedPage | 'refused'>;
  readonly maxStalenessMs: number;
  readonly clock: Clock;
}

/**
 * Follows the feed of a tenant, by whatever its pages come.
 *
 * How old its knowledge is, is counted from before each page was asked for, so that no delay on the way, and no clock of
 * the other side, makes it younger than it is. What was known once stays so: a server that is behind another one makes it
 * no older either.
 */
export function createFollower({ tenant, url, read, maxStalenessMs, clock }: FollowerOptions): Follower {
  const denylist = createDenylist(() => clock().wall / 1000);
  const matcher = createMatcher(createKeys(tenant), denylist);
  let after: string | undefined;
  let asOf: Moment | undefined;
  let isClosed = false;

  function know({ wall, steady }: Moment, age: number): void {
    const known = { wall: wall - age, steady: steady - age };
    const now = clock();
    if (!asOf || ageOf(known, now) <= ageOf(asOf, now)) asOf = known;
  }

  /** Reads one page, and says whether there is more to be had at once. */
  async function readOn(): Promise<{ isMore: boolean; begins: boolean }> {
    const asked = clock();
    const from = after;
    const page = await read(from);
    if (page === 'refused') {
      after = undefined;
      throw new WebtaskError('REVOCATION_FEED', { url, reason: `the place ${from} means nothing there` });
    }
    page.entries.forEach(denylist.add);
    after = page.next;
    if (page.age !== undefined) know(asked, page.age);
    const begins = page.begins === true;
    const isWaiting = !begins && page.entries.length === 0 && (from === undefined || from === page.next);
    return { isMore: page.age === undefined && !isWaiting, begins };
  }

  async function poll(): Promise<void> {
    let beginnings = 0;
    for (let isMore = true; isMore && !isClosed; ) {
      const page = await readOn();
      isMore = page.isMore;
      beginnings += page.begins ? 1 : 0;
      if (beginnings <= 2) continue;
      const reason = 'it begins anew all the time, as where servers answer by turns that do not share a store';
      throw new WebtaskError('REVOCATION_FEED', { url, reason });
    }
  }

  return {
    check(token) {
      const now = clock();
      const by = matcher.match(token, now.wall / 1000);
      const known = asOf?.wall ?? 0;
      if (by !== undefined) return { status: 'revoked', asOf: known, by };
      const isFresh = asOf !== undefined && ageOf(asOf, now) <= maxStalenessMs;
      return { status: isFresh ? 'active' : 'unknown', asOf: known };
    },
    poll: share(poll),
    isReady: () => asOf !== undefined,
    sweep: denylist.sweep,
    close() {
      isClosed = true;
    },
  };
}
