import type { Item, Store } from '../../store/index.ts';
import { ageOf, type Clock, type Moment } from './clock.ts';
import { MEMBERS, type Member, OVERLAP_MS, toHeartbeat } from './heartbeat.ts';
import { type Change, RETENTION_MS, readLog } from './log.ts';
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
   * Has the polls from the next one on read the overlap again, until one is complete: for who begins to listen to more.
   *
   * @returns the number of the next poll
   */
  rewind(): number;
  /** Whether something was missed that cannot be read any more: all there is must be loaded anew. */
  isBroken(): boolean;
  /** Starts over, for who loads all there is anew. */
  restart(): void;
  positions(): Positions;
  /** The last heartbeats of those that have sent none for so long. */
  silent(forMs: number): readonly Item[];
}

/** How far a log was read, and since when its process has sent no other heartbeat than this. */
interface Seen {
  readonly position: number;
  readonly heartbeat?: Item;
  readonly since: number;
}

const PAGE = 1000;

/**
 * Reads what other processes append to their logs.
 *
 * Only what is proven to be fresh is: a poll reads all heartbeats at once, and one of this process must be among them.
 * What was acknowledged before that one was sent is announced in what was read, by its number; where no item with that
 * number is found, the poll is not complete. So old knowledge is not taken for new where a store answers from the past
 * or leaves something out, and not by any clock.
 *
 * @param apply - is given each change, at least once
 * @param positions - how far logs were read before, by who has kept what was in them
 */
export function createFeed(
  store: Store,
  member: Member,
  clock: Clock,
  apply: (change: Change) => void,
  positions?: Positions,
): Feed {
  const { steady: started } = clock();
  let seen = new Map(
    [...(positions ?? [])].map(([id, position]): [string, Seen] => [id, { position, since: started }]),
  );
  let asOf: Moment | undefined;
  let began = 0;
  let completed = 0;
  /** The number of the first poll that reads the overlap. */
  let rewound = positions ? Number.POSITIVE_INFINITY : 1;
  let gapSince: number | undefined;
  let isBroken = false;

  /** Reads the log of one process. Says whether all that its heartbeat announces was there. */
  async function follow(heartbeat: Item, into: Map<string, Seen>, isRewound: boolean): Promise<boolean> {
    const { last, settled } = toHeartbeat(heartbeat);
    const before = into.get(heartbeat.sort);
    // Who appeared later is read from its beginning; what was there before is part of what is loaded.
    let position = before?.position ?? (isRewound ? settled : 0);
    if (isRewound) position = Math.min(position, settled);
    if (position < last) {
      for await (const { number, changes } of readLog(store, heartbeat.sort, position)) {
        if (number !== position + 1) break;
        changes.forEach(apply);
        position = number;
      }
    }
    const isSame = before?.heartbeat?.version === heartbeat.version;
    into.set(heartbeat.sort, { position, heartbeat, since: isSame ? before.since : clock().steady });
    return position >= last;
  }

  async function read(): Promise<void> {
    began += 1;
    const number = began;
    const into = seen;
    const rewoundBefore = rewound;
    const isRewound = number >= rewound;
    const start = clock();
    if (asOf && ageOf(asOf, start) > RETENTION_MS / 2) isBroken = true;
    const heartbeats = await listAll(store);
    const own = heartbeats.find(({ sort }) => sort === member.id());
    const proof = own && member.sentAt(toHeartbeat(own).beat);
    const others = heartbeats.filter((it) => it !== own);
    const followed = await Promise.all(others.map((it) => follow(it, into, isRewound)));
    for (const id of into.keys()) if (!others.some(({ sort }) => sort === id)) into.delete(id);
    if (into !== seen) return;
    if (followed.includes(false)) {
      gapSince ??= start.steady;
      if (start.steady - gapSince > OVERLAP_MS) isBroken = true;
    } else gapSince = undefined;
    if (!proof || gapSince !== undefined || isBroken) return;
    completed = number;
    // Somebody may have asked for it again meanwhile.
    if (isRewound && rewound === rewoundBefore) rewound = Number.POSITIVE_INFINITY;
    if (!asOf || proof.steady > asOf.steady) asOf = proof;
  }

  return {
    poll: share(read),
    asOf: () => asOf,
    completed: () => completed,
    rewind() {
      rewound = began + 1;
      return rewound;
    },
    isBroken: () => isBroken,
    restart() {
      seen = new Map();
      asOf = undefined;
      rewound = began + 1;
      gapSince = undefined;
      isBroken = false;
    },
    positions: () => new Map([...seen].map(([id, { position }]) => [id, position])),
    silent(forMs) {
      const before = clock().steady - forMs;
      return [...seen.values()].flatMap(({ heartbeat, since }) => (heartbeat && since < before ? [heartbeat] : []));
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
