import { type Burials, burialsSince } from './burials.ts';
import { ageOf, type Clock, type Moment } from './clock.ts';
import type { RevocationEntry } from './entry.ts';
import type { Change } from './log.ts';
import { formatPlace, nameOf, type Place, parsePlace } from './place.ts';
import type { Recent } from './recent.ts';
import { type Records, SHARDS } from './records.ts';

/** What processes without the store are told of an entry: it names nobody, and says neither why nor who. */
export type FeedEntry = Pick<RevocationEntry, 'kind' | 'key' | 'notBefore' | 'expires'>;

/** A piece of a tenant's feed. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** Where to go on; the same as before where this server does not know enough yet. */
  readonly next: string;
  /** Whether the feed begins with this page: from here on comes everything. */
  readonly begins?: true;
  /**
   * Where this page is the last: how long ago, in milliseconds, everything acknowledged until then was in the pages that
   * end with it. Absent where there is more, or nobody can tell.
   */
  readonly age?: number;
}

/** How far this process knows the logs of all, itself included. */
export interface Progress {
  readonly storeId: string;
  /** Until when everything is known. */
  readonly asOf: Moment;
  readonly burials: Burials;
  /** Of each process: the last number that was read, and the last that every read of the store shows. */
  readonly logs: ReadonlyMap<string, { readonly position: number; readonly settled: number }>;
}

/** What the feed of a tenant is made of. */
export interface FeedParts {
  readonly records: Records;
  readonly recent: Recent;
  readonly clock: Clock;
  /** Nothing where not everything of the tenant is known. */
  readonly progress: () => Progress | undefined;
}

/** Gives what comes after a place; everything where there is none, or what comes after it is not known any more. */
export type ReadFeed = (after?: string) => Promise<FeedPage>;

const PAGE = 1000;
/** Before the first page. */
const START = 'start';

/**
 * Makes the feed of a tenant, for processes that check tokens and have no store.
 *
 * What is there is read from the store, what is added is remembered here. A place says what of each log is known, so
 * that it can go on at any server over the same store. One that is behind it adds nothing, and says of how long ago that
 * is everything; one that cannot tell what is missing begins anew, or says nothing until it can.
 */
export function createReadFeed(tenant: string, { records, recent, clock, progress }: FeedParts): ReadFeed {
  async function readStored(place: Place, { shard, after }: NonNullable<Place['stored']>): Promise<FeedPage> {
    const entries = (await records.page(tenant, shard, after === '' ? undefined : after, PAGE)).map(toFeedEntry);
    const last = entries.at(-1);
    const isMore = last !== undefined && entries.length === PAGE;
    const next = isMore ? { shard, after: last.key } : { shard: shard + 1, after: '' };
    return { entries, next: formatPlace({ ...place, stored: next.shard < SHARDS ? next : undefined }) };
  }

  /** Gives what was added; nothing where this process cannot tell what that is. */
  function readRecent(place: Place, { asOf, burials, logs }: Progress): FeedPage | undefined {
    const known = new Map(place.known);
    const buried = burialsSince(burials, place.burials);
    if (!buried?.every(([writer, number]) => (known.get(nameOf(writer)) ?? 0) >= number)) return undefined;
    const entries: FeedEntry[] = [];
    let isLast = true;
    for (const [writer, { position }] of logs) {
      const name = nameOf(writer);
      const from = known.get(name) ?? 0;
      if (from >= position) continue;
      const items = recent.since(writer, from);
      if (!items) return undefined;
      for (const { number, changes } of items) {
        isLast &&= entries.length < PAGE;
        if (!isLast) break;
        entries.push(...changes.filter((change) => change.tenant === tenant).map(toFeedEntry));
        known.set(name, number);
      }
    }
    for (const [writer] of burials.last) if (!logs.has(writer)) known.delete(nameOf(writer));
    const next = formatPlace({ of: place.of, burials: Math.max(place.burials, burials.count), known });
    return { entries, next, ...(isLast && { age: Math.max(0, Math.ceil(ageOf(asOf, clock()))) }) };
  }

  /** Where to begin: with what the entries in the store are sure to hold, and what comes after is remembered. */
  function beginning(of: string, { burials, logs }: Progress): Place | undefined {
    const known = new Map<string, number>();
    for (const [writer, { position, settled }] of logs) {
      const from = Math.min(position, settled);
      if (from < position && !recent.since(writer, from)) return undefined;
      if (from > 0) known.set(nameOf(writer), from);
    }
    return { of, burials: burials.count, known };
  }

  return async (after = START) => {
    const place = after === START ? undefined : parsePlace(after);
    const now = progress();
    if (!now) return { entries: [], next: after };
    const of = nameOf(now.storeId, tenant);
    if (place?.of === of) {
      const page = place.stored ? await readStored(place, place.stored) : readRecent(place, now);
      if (page) return page;
    }
    const start = beginning(of, now);
    return start
      ? { ...(await readStored(start, { shard: 0, after: '' })), begins: true }
      : { entries: [], next: after };
  };
}

function toFeedEntry({ kind, key, notBefore, expires }: Change | RevocationEntry): FeedEntry {
  return { kind, key, ...(notBefore !== undefined && { notBefore }), ...(expires !== undefined && { expires }) };
}
