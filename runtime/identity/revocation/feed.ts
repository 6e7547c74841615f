import type { Item, Store } from '../../store/index.ts';
import { BURIALS, type Burials, NO_BURIALS, toBurials } from './burials.ts';
import { ageOf, CLOCKS_DIFFER, type Clock, type Moment } from './clock.ts';
import { MEMBERS, type Member, OVERLAP_MS, toHeartbeat } from './heartbeat.ts';
import { type LogItem, RETENTION_MS, readLog } from './log.ts';
import { share } from './share.ts';

/** How far the log of another process was read. */
export type Positions = ReadonlyMap<string, number>;

/** What others change, as it is read from the store. */
export interface Feed {
  /**
   * Reads what is new, once for all who ask before it begins.
   *
   * @throws STORE_UNREACHABLE
   */
  poll(): Promise<void>;
  /** Every change acknowledged until then was read; nothing before the first poll that was complete. */
  asOf(): Moment | undefined;
  /** The number of the last poll that was complete. */
  completed(): number;
  /**
   * Has the next poll go back to what was settled. What is loaded after it, and what it and later ones read, is
   * everything.
   *
   * @returns the number of the next poll
   */
  goBack(): number;
  /** The number of the last poll that went back. */
  wentBack(): number;
  /** Whether something was missed that cannot be read any more: all there is must be loaded anew. */
  isBroken(): boolean;
  /** Starts over, for who loads all there is anew. */
  restart(): void;
  positions(): Positions;
  /** The number up to which every read of the store, from then on, shows what a log tells of. */
  settled(writer: string): number;
  /** The processes whose logs are gone. */
  burials(): Burials;
  /** Whether the clocks of all who have sent a heartbeat lately agree with this one, as far as they have to. */
  agreesOnTime(): boolean;
  /** The last heartbeats of those that have sent none for so long. */
  silent(forMs: number): readonly Item[];
}

/** What a feed starts with. */
export interface FeedOptions {
  /** How long logs are kept. */
  readonly retentionMs?: number | undefined;
  readonly kept?: { readonly positions: Positions; readonly asOf: Moment } | undefined;
}

/** The last heartbeat of a process, and since when it has sent no other one. */
interface Heard {
  readonly heartbeat: Item;
  readonly since: number;
}

const PAGE = 1000;
/** Twenty heartbeats. */
const LATELY_MS = 10_000;

/**
 * Reads what other processes append to their logs.
 *
 * Only what is proven to be fresh is: a poll reads all heartbeats at once, and one of this process must be among them.
 * What was acknowledged before that one was sent is announced in what was read, by its number; where no item with that
 * number is found, the poll is not complete. So old knowledge is not taken for new where a store answers from the past
 * or leaves something out, and not by any clock.
 *
 * @param apply - is given each item of a log, at least once, and those of one log in their order
 * @param kept - how far logs were read before, by who has kept what was in them
 */
export function createFeed(
  store: Store,
  member: Member,
  clock: Clock,
  apply: (writer: string, item: LogItem) => void,
  { retentionMs = RETENTION_MS, kept }: FeedOptions = {},
): Feed {
  let positions = new Map(kept?.positions);
  const heard = new Map<string, Heard>();
  let asOf: Moment | undefined;
  let knownUntil = kept?.asOf;
  let began = 0;
  let completed = 0;
  /** The number of the first poll that goes back, and of the last one that did. */
  let goBackFrom = kept ? Number.POSITIVE_INFINITY : 1;
  let wentBack = 0;
  let gapSince: number | undefined;
  let isBroken = false;
  let burials = NO_BURIALS;

  /** Goes back to what was settled: who loads entries after that finds there what came before. */
  function goBack(heartbeats: readonly Item[], into: Map<string, number>): void {
    for (const heartbeat of heartbeats) {
      const { settled } = toHeartbeat(heartbeat);
      into.set(heartbeat.sort, Math.min(into.get(heartbeat.sort) ?? settled, settled));
    }
  }

  function hear(heartbeats: readonly Item[]): void {
    const { steady: since } = clock();
    for (const heartbeat of heartbeats) {
      const isSame = heard.get(heartbeat.sort)?.heartbeat.version === heartbeat.version;
      if (!isSame) heard.set(heartbeat.sort, { heartbeat, since });
    }
  }

  /** An older note than another one is that of an answer from the past. */
  function note(last: Item | undefined): void {
    const noted = last?.sort === BURIALS.sort ? toBurials(last) : NO_BURIALS;
    if (noted.count > burials.count) burials = noted;
  }

  /** Reads the log of one process. Says whether all that its heartbeat announces was there. */
  async function follow(heartbeat: Item, into: Map<string, number>): Promise<boolean> {
    const { last, settled, isBuried } = toHeartbeat(heartbeat);
    // Who is buried before he is seen is this process itself, by the name that it had.
    let position = into.get(heartbeat.sort) ?? (isBuried ? settled : 0);
    if (position < last) {
      for await (const item of readLog(store, heartbeat.sort, position)) {
        if (item.number !== position + 1) break;
        apply(heartbeat.sort, item);
        position = item.number;
      }
    }
    into.set(heartbeat.sort, position);
    return position >= last;
  }

  async function read(): Promise<void> {
    began += 1;
    const number = began;
    const into = positions;
    const { steady: start } = clock();
    const members = await listAll(store);
    const heartbeats = members.filter(({ sort }) => sort !== BURIALS.sort);
    note(members.at(-1));
    // Who has ended since is no longer among them after a time.
    if (knownUntil && ageOf(knownUntil, clock()) > retentionMs / 2) isBroken = true;
    const own = heartbeats.find(({ sort }) => sort === member.id());
    const proof = own && member.sentAt(toHeartbeat(own).beat);
    const others = heartbeats.filter((it) => it !== own);
    if (number >= goBackFrom) {
      goBack(others, into);
      goBackFrom = Number.POSITIVE_INFINITY;
      wentBack = number;
    }
    hear(others);
    const listed = new Set(others.map(({ sort }) => sort));
    for (const [id] of burials.last) {
      if (listed.has(id)) continue; // others are missing from an old answer alone
      into.delete(id);
      heard.delete(id);
    }
    const followed = await Promise.all(others.map((it) => follow(it, into)));
    if (into !== positions) return;
    if (followed.includes(false)) {
      gapSince ??= start;
      if (start - gapSince > OVERLAP_MS) isBroken = true;
    } else gapSince = undefined;
    if (!proof || gapSince !== undefined || isBroken) return;
    completed = number;
    if (!asOf || proof.steady > asOf.steady) asOf = proof;
    knownUntil = asOf;
  }

  return {
    poll: share(read),
    asOf: () => asOf,
    completed: () => completed,
    wentBack: () => wentBack,
    goBack() {
      goBackFrom = began + 1;
      return goBackFrom;
    },
    isBroken: () => isBroken,
    restart() {
      positions = new Map();
      asOf = undefined;
      knownUntil = undefined;
      goBackFrom = began + 1;
      gapSince = undefined;
      isBroken = false;
    },
    positions: () => positions,
    settled(writer) {
      const position = positions.get(writer) ?? 0;
      const last = heard.get(writer);
      if (!last) return position;
      const said = toHeartbeat(last.heartbeat);
      return Math.min(position, clock().steady - last.since > OVERLAP_MS ? said.last : said.settled);
    },
    burials: () => burials,
    agreesOnTime() {
      const { wall, steady } = clock();
      const lately = [...heard.values()].filter(({ since }) => steady - since < LATELY_MS);
      const apart = lately.map(({ heartbeat }) => Math.abs(toHeartbeat(heartbeat).at - wall));
      return apart.every((ms) => ms <= CLOCKS_DIFFER * 1000);
    },
    silent(forMs) {
      const before = clock().steady - forMs;
      return [...heard.values()].flatMap(({ heartbeat, since }) => (since < before ? [heartbeat] : []));
    },
  };
}

async function listAll(store: Store): Promise<Item[]> {
  const all: Item[] = [];
  for (;;) {
    const items = await store.list(MEMBERS, { after: all.at(-1)?.sort, limit: PAGE });
    all.push(...items);
    if (items.length < PAGE) return all;
  }
}
