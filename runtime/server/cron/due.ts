import { sha256Hex } from '../../code/index.ts';
import type { Key, Store } from '../../store/index.ts';
import type { Place } from './job.ts';

/** A note that a job is to be looked at in a minute. What is to be done then, the job itself says. */
export interface Note {
  readonly key: Key;
  readonly place: Place;
  /** The minute that it is of: milliseconds since the epoch. */
  readonly time: number;
}

/** The notes of when to look at which job. */
export interface Due {
  /**
   * Notes that a job is to be looked at, before the job itself is written: a note too many does no harm, and a job
   * without one would never run again.
   */
  note(place: Place, look: Look): Promise<void>;
  /** Takes back a note. */
  forget(place: Place, look: Look): Promise<void>;
  /** Removes a note that was come upon. */
  remove(note: Note): Promise<void>;
  /** Goes through the notes up to now, oldest first. */
  upTo(now: number): AsyncGenerator<Note>;
}

/** When to look at a job. */
export interface Look {
  /** Milliseconds since the epoch: the note is found in the first minute that begins then or later. */
  readonly time: number;
  /** The run to look after; without it, it is about the job's next time. */
  readonly run?: number | undefined;
}

/** So many jobs of one minute are in so many partitions. */
const SHARDS = 4;
const MINUTE_MS = 60_000;
const PAGE = 100;
const MINUTES = 'cron-minutes';
/** How long a minute is looked at again, for notes that come late. */
const LATE_NOTES_MS = 5 * MINUTE_MS;

/**
 * Makes the notes of when to look at which job.
 *
 * A note is in the bucket of its minute and shard. Which minutes have any is a partition of its own, in their order, so
 * that nobody looks into an empty bucket, and what is due after any time of standing still is found by one query.
 */
export function createDue(store: Store): Due {
  /** Goes through a partition page by page. */
  async function* walk(partition: string) {
    let after: string | undefined;
    for (;;) {
      const items = await store.list(partition, { after, limit: PAGE });
      yield* items;
      if (items.length < PAGE) return;
      after = items.at(-1)?.sort;
    }
  }

  return {
    async note(place, look) {
      const minute = { partition: MINUTES, sort: minuteName(minuteOf(look)) };
      const { container, name } = place;
      await Promise.all([store.put(minute, {}), store.put(keyOf(place, look), { container, name })]);
    },
    async forget(place, look) {
      await store.remove(keyOf(place, look));
    },
    async remove({ key }) {
      await store.remove(key);
    },
    async *upTo(now) {
      for await (const { sort } of walk(MINUTES)) {
        const minute = Number(sort);
        const time = minute * MINUTE_MS;
        if (time > now) return;
        let isEmpty = true;
        for (let shard = 0; shard < SHARDS; shard++) {
          for await (const { partition, sort, value } of walk(bucketOf(minute, shard))) {
            isEmpty = false;
            yield { key: { partition, sort }, place: value as Place, time }; // as note wrote it
          }
        }
        if (isEmpty && now - time > LATE_NOTES_MS) await store.remove({ partition: MINUTES, sort });
      }
    },
  };
}

/** Whether a note that leads to nothing can go: what it is about may still be on its way to the store. */
export function isStale({ time }: Note, now: number): boolean {
  return now - time > LATE_NOTES_MS;
}

/** In the order of numbers. */
function minuteName(minute: number): string {
  return String(minute).padStart(10, '0');
}

function bucketOf(minute: number, shard: number): string {
  return `cron-due/${minute}/${shard}`;
}

function minuteOf({ time }: Look): number {
  return Math.ceil(time / MINUTE_MS);
}

/** Names can be longer than a sort key. */
function keyOf({ container, name }: Place, look: Look): Key {
  const hash = sha256Hex(`${container}/${name}`);
  const shard = Number.parseInt(hash.slice(0, 8), 16) % SHARDS;
  return { partition: bucketOf(minuteOf(look), shard), sort: `${hash}/${look.run ?? 'next'}` };
}
