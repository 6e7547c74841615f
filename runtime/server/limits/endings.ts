import { sha256Hex } from '../../code/index.ts';
import type { Key, Store } from '../../store/index.ts';

const PARTITION = 'limits/endings';
const DAY = 86_400;
/** Of a note that is written, several are swept: so their number does not grow. */
const SWEPT = 10;

/**
 * The day that counts are gone by, in days since the epoch. What has expired is hidden by the store and stays in it, so
 * it is noted when to remove it: once a day at most, since most writes leave the day as it was.
 *
 * @param expires - seconds since the epoch
 */
export function endingOf(expires: number): number {
  return Math.ceil(expires / DAY);
}

/** Notes that counts are to be removed on a day, and removes some of those whose day has come. */
export async function noteEnding(store: Store, key: Key, day: number, now: number): Promise<void> {
  const { partition, sort } = key;
  await store.put(
    { partition: PARTITION, sort: `${inOrder(day)} ${sha256Hex(`${partition}\n${sort}`)}` },
    { key: { partition, sort } },
  );
  await sweep(store, now).catch(() => undefined); // the next one does it
}

async function sweep(store: Store, now: number): Promise<void> {
  for (const note of await store.list(PARTITION, { limit: SWEPT })) {
    if (Number(note.sort.slice(0, 10)) * DAY > now) return; // they are in the order of time
    // Counts that were used again have not expired, and stay: there is a later note.
    await store.remove((note.value as { key: Key }).key, null); // as noteEnding wrote it
    await store.remove(note);
  }
}

function inOrder(day: number): string {
  return String(day).padStart(10, '0');
}
