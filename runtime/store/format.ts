import { fail } from '../errors.ts';
import type { Item, Key, Store } from './store.ts';

/** Brings what is stored from one format to the next. It may be cut short and run again, also by two at once. */
export type Step = (store: Store) => Promise<void>;

/** What the item of the format holds. */
export interface Format {
  readonly version: number;
  /** Since when a backup has been being restored into the store, which is not whole until then. */
  readonly restoring?: string;
  /** The SHA-256 of that backup: of another one, nothing may be added. */
  readonly backup?: string;
}

/** By the version that each starts from. What was written before there were versions is version 0, and the same. */
const STEPS: readonly Step[] = [async () => undefined];

/** The version that this program reads and writes. */
export const FORMAT_VERSION = STEPS.length;

const KEY = { partition: 'format', sort: 'store' } as const;

/**
 * Checks that this program can work with what is stored, and brings it up to date where it is older.
 *
 * @param steps - by the version that each starts from
 * @throws STORE_FORMAT_NEWER, STORE_RESTORE_UNFINISHED, STORE_UNREACHABLE
 */
export async function checkFormat(store: Store, steps: readonly Step[] = STEPS): Promise<void> {
  for (;;) {
    const item = await store.get(KEY);
    const { version, restoring } = formatOf(item);
    if (restoring !== undefined) fail('STORE_RESTORE_UNFINISHED', { since: restoring });
    if (version > steps.length) fail('STORE_FORMAT_NEWER', { version, known: steps.length });
    if (item && version === steps.length) return;
    await steps[version]?.(store);
    // Where somebody else was faster, what is there is looked at again.
    await store.put(KEY, { version: Math.min(version + 1, steps.length) }, { expected: item?.version ?? null });
  }
}

/** Notes that a restore begins, or that it is complete. */
export async function writeFormat(store: Store, format: Format): Promise<void> {
  await store.put(KEY, format);
}

/** Whether a key is that of the format. */
export function isFormat({ partition }: Key): boolean {
  return partition === KEY.partition;
}

/** Reads the format of a store as it is. */
export async function readFormat(store: Store): Promise<Format | undefined> {
  const item = await store.get(KEY);
  return item && formatOf(item);
}

function formatOf(item: Item | undefined): Format {
  return item ? (item.value as Format) : { version: 0 }; // as it was written here
}
