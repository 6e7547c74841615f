import { fail } from '../../errors.ts';
import type { Item, Key, Store } from '../../store/index.ts';
import type { Clock } from './clock.ts';
import type { RevocationKind } from './entry.ts';
import type { Member } from './heartbeat.ts';

/** What others are told of an entry. */
export interface Change {
  readonly tenant: string;
  readonly kind: RevocationKind;
  readonly key: string;
  readonly notBefore?: number | undefined;
  readonly expires?: number | undefined;
}

/** The changes that this process has made, for others to read. */
export interface Log {
  /**
   * Tells others of a change. From then on, who has read the heartbeats knows that it is there.
   *
   * @throws STORE_UNREACHABLE
   */
  append(change: Change): Promise<void>;
  /** Removes what everybody has read who will. */
  trim(): Promise<void>;
}

/** How long an item of a log is kept. Who was away for half as long loads everything anew. */
export const RETENTION_MS = 60 * 60 * 1000;

/** Items that were written within this part of the time for which they are kept are removed together. */
const BUCKET = 1 / 60;
/** What one item holds: they are far from the 390 KB that fit. */
const MAX_BATCH = 500;
/** Each of them means that an earlier write was not answered, and has arrived. */
const MAX_ATTEMPTS = 100;

/**
 * Makes the log of a process: items numbered without holes, so that who knows the last number knows what is missing.
 *
 * Changes that come while one is being written go together into the next item. An item is only ever written where none
 * is: a write that was given up may still arrive, and the next one then takes the next number.
 *
 * @param note - is told of each item that is there, before it is announced
 */
export function createLog(
  store: Store,
  member: Member,
  clock: Clock,
  retentionMs = RETENTION_MS,
  note: (writer: string, item: LogItem) => void = () => undefined,
): Log {
  const buckets: { readonly writer: string; readonly opened: number; first: number; last: number }[] = [];
  let writer = member.id();
  let last = 0;
  let waiting: { readonly change: Change; done(): void; refuse(error: unknown): void }[] = [];
  let isWriting = false;

  function noteIn(by: string, number: number): void {
    const { steady } = clock();
    const bucket = buckets.at(-1);
    if (bucket?.writer === by && steady - bucket.opened < BUCKET * retentionMs) bucket.last = number;
    else buckets.push({ writer: by, opened: steady, first: number, last: number });
  }

  /** Writes an item at the next number that is free. */
  async function put(changes: readonly Change[]): Promise<void> {
    if (writer !== member.id()) last = 0;
    writer = member.id();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const written = await store.put(placeOf(writer, last + 1), changes, { expected: null });
      last += 1;
      noteIn(writer, last);
      note(writer, { number: last, changes: written.ok ? changes : toChanges(written.current) });
      if (written.ok) return;
    }
    fail('STORE_UNREACHABLE', { reason: 'it takes no entry' });
  }

  /** Writes an item and says so in a heartbeat, again where this process was taken for dead in between. */
  async function publish(changes: readonly Change[]): Promise<void> {
    for (;;) {
      await put(changes);
      member.wrote(writer, last);
      await member.beat();
      if (writer === member.id()) return;
    }
  }

  async function writeAll(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      try {
        await publish(batch.map(({ change }) => change));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { refuse } of batch) refuse(error);
      }
    }
    isWriting = false;
  }

  return {
    append(change) {
      return new Promise((done, refuse) => {
        waiting.push({ change, done, refuse });
        if (!isWriting) void writeAll();
      });
    },
    async trim() {
      for (let bucket = buckets[0]; bucket; bucket = buckets[0]) {
        if (clock().steady - bucket.opened < (1 + BUCKET) * retentionMs) return;
        // Who comes would look for it, after a pause in which no heartbeat could say that he need not.
        if (bucket.writer === member.id() && bucket.last > member.settled()) return;
        for (; bucket.first <= bucket.last; bucket.first++) await store.remove(placeOf(bucket.writer, bucket.first));
        buckets.shift();
      }
    },
  };
}

/** An item of a log. */
export interface LogItem {
  readonly number: number;
  readonly changes: readonly Change[];
}

const PAGE = 200;

/** Reads the items of a log after a number, in their order. */
export async function* readLog(store: Store, writer: string, after: number): AsyncIterable<LogItem> {
  let from = sortOf(after);
  for (;;) {
    const items = await store.list(partitionOf(writer), { after: from, limit: PAGE });
    for (const item of items) yield { number: Number(item.sort), changes: toChanges(item) };
    const end = items.at(-1);
    if (!end || items.length < PAGE) return;
    from = end.sort;
  }
}

/** Removes the log of a process that is no more, up to its last number. */
export async function removeLog(store: Store, writer: string, last: number): Promise<void> {
  for await (const { number } of readLog(store, writer, 0)) {
    if (number <= last) await store.remove(placeOf(writer, number));
  }
}

/** Of an item that is there. */
function toChanges(item: Item | undefined): readonly Change[] {
  return (item?.value ?? []) as Change[]; // as it was written here
}

function placeOf(writer: string, number: number): Key {
  return { partition: partitionOf(writer), sort: sortOf(number) };
}

function partitionOf(writer: string): string {
  return `revocation/log/${writer}`;
}

/** In the order of texts, numbers lie in theirs. */
function sortOf(number: number): string {
  return String(number).padStart(12, '0');
}
