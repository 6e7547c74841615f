import { randomUUID } from 'node:crypto';
import { checkKey, checkPartition } from './key.ts';
import type { Expected, Item, Key, Store } from './store.ts';
import { toText } from './value.ts';

/** What `context.storage` holds at most. A table takes less in one item. */
const MAX_VALUE_BYTES = 500 * 1024;

/** An item with its value as JSON text, so that nobody holds a part of it. */
interface Kept extends Omit<Item, 'value'> {
  readonly text: string;
}

/**
 * Makes a store that lives as long as its process.
 *
 * @param now - seconds since the epoch
 */
export function createMemoryStore(now: () => number = () => Date.now() / 1000): Store {
  const partitions = new Map<string, Map<string, Kept>>();

  const isLive = ({ expires }: Kept): boolean => expires === undefined || expires > now();
  const find = ({ partition, sort }: Key): Kept | undefined => {
    const kept = partitions.get(partition)?.get(sort);
    return kept && isLive(kept) ? kept : undefined;
  };
  const isExpected = (current: Kept | undefined, expected: Expected): boolean =>
    expected === undefined || (current?.version ?? null) === expected;

  return {
    async get(key) {
      checkKey(key);
      return toItem(find(key));
    },
    async put(key, value, { expected, expires } = {}) {
      checkKey(key);
      const text = toText(value, MAX_VALUE_BYTES);
      const current = find(key);
      if (!isExpected(current, expected)) return { ok: false, current: toItem(current) };
      const { partition, sort } = key;
      const version = randomUUID();
      const items = partitions.get(partition) ?? new Map<string, Kept>();
      partitions.set(partition, items);
      items.set(sort, { partition, sort, version, text, ...(expires !== undefined && { expires }) });
      return { ok: true, version };
    },
    async remove(key, expected) {
      checkKey(key);
      const current = find(key);
      if (!isExpected(current, expected)) return { ok: false, current: toItem(current) };
      partitions.get(key.partition)?.delete(key.sort);
      return { ok: true, version: randomUUID() };
    },
    async list(partition, { after = '', limit }) {
      checkPartition(partition);
      return [...(partitions.get(partition)?.values() ?? [])]
        .filter((kept) => isLive(kept) && inOrder(after, kept.sort) < 0)
        .sort((a, b) => inOrder(a.sort, b.sort))
        .slice(0, limit)
        .map((kept) => toItem(kept));
    },
    async close() {
      partitions.clear();
    },
  };
}

function toItem(kept: Kept): Item;
function toItem(kept: Kept | undefined): Item | undefined;
function toItem(kept: Kept | undefined): Item | undefined {
  if (!kept) return undefined;
  const { text, ...rest } = kept;
  return { ...rest, value: JSON.parse(text) };
}

/** As DynamoDB orders: by the bytes of UTF-8, which is not how JavaScript orders texts. */
function inOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
