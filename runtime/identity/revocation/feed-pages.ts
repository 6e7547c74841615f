import { randomUUID } from 'node:crypto';
import { fail } from '../../errors.ts';
import { ageOf, type Clock, type Moment } from './clock.ts';
import type { RevocationEntry } from './entry.ts';
import { type Records, SHARDS } from './records.ts';

/** What processes without the store are told of an entry: it names nobody, and says neither why nor who. */
export type FeedEntry = Pick<RevocationEntry, 'kind' | 'key' | 'notBefore' | 'expires'>;

/** A piece of a tenant's feed. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** Where to go on. */
  readonly next: string;
  /**
   * Where this page is the last: how long ago, in milliseconds, everything acknowledged until then was in the pages that
   * end with it. Absent where there is more, or nobody can tell.
   */
  readonly age?: number;
}

/** The entries of a tenant, page by page, and then those that are added. */
export interface FeedPages {
  /** Notes an entry that was added, by whomever. */
  note(entry: FeedEntry): void;
  /** Something may have been missed: who follows begins anew. */
  restart(): void;
  /**
   * Gives what comes after a place; from the beginning where there is none, or it is not known any more.
   *
   * @throws REVOCATION_REQUEST, STORE_UNREACHABLE
   */
  read(after: string | undefined): Promise<FeedPage>;
}

/** Who is further behind begins anew. */
const MAX_RECENT = 10_000;
const PAGE = 1000;

/** A place among what was added (`epoch.number`), or in what was there before, a shard and a key in addition. */
const PLACE = /^([0-9a-f-]{36})\.(\d{1,15})(?:\.(\d)\.([\w-]*))?$/;

/**
 * Makes the feed of a tenant, for processes that check tokens and have no store.
 *
 * What is there is read from the store, what is added is remembered here: a reader goes through the first, and on with
 * the second from where it stood when he began.
 *
 * @param asOf - until when everything is known here
 */
export function createFeedPages(
  tenant: string,
  records: Records,
  clock: Clock,
  asOf: () => Moment | undefined,
): FeedPages {
  let epoch = randomUUID();
  let recent: FeedEntry[] = [];
  /** The number of the first of them. */
  let first = 0;

  async function readStored(number: string, shard: number, after: string): Promise<FeedPage> {
    const at = `${epoch}.${number}`;
    const entries = (await records.page(tenant, shard, after === '' ? undefined : after, PAGE)).map(toFeedEntry);
    const last = entries.at(-1);
    if (last && entries.length === PAGE) return { entries, next: `${at}.${shard}.${last.key}` };
    return { entries, next: shard + 1 < SHARDS ? `${at}.${shard + 1}.` : at };
  }

  function readRecent(number: number): FeedPage {
    const known = asOf();
    const entries = recent.slice(number - first, number - first + PAGE);
    const end = number + entries.length;
    const isLast = end === first + recent.length;
    const age = known && isLast ? Math.max(0, Math.ceil(ageOf(known, clock()))) : undefined;
    return { entries, next: `${epoch}.${end}`, ...(age !== undefined && { age }) };
  }

  return {
    note(entry) {
      recent.push(toFeedEntry(entry));
      if (recent.length <= MAX_RECENT * 2) return;
      recent = recent.slice(MAX_RECENT);
      first += MAX_RECENT;
    },
    restart() {
      epoch = randomUUID();
      recent = [];
      first = 0;
    },
    async read(after) {
      const place = after === undefined ? undefined : PLACE.exec(after);
      if (place === null) return fail('REVOCATION_REQUEST', { reason: 'its after is no place in the feed' });
      const [, of, number = '', shard, key = ''] = place ?? [];
      const isKnown = of === epoch && Number(number) >= first && Number(number) <= first + recent.length;
      if (!isKnown) return readStored(String(first + recent.length), 0, '');
      return shard === undefined ? readRecent(Number(number)) : readStored(number, Number(shard), key);
    },
  };
}

function toFeedEntry({ kind, key, notBefore, expires }: FeedEntry): FeedEntry {
  return { kind, key, ...(notBefore !== undefined && { notBefore }), ...(expires !== undefined && { expires }) };
}
