import { randomUUID } from 'node:crypto';
import type { Expected, Item, Key, Store } from './store.ts';

/**
 * Makes a store that lives as long as its process.
 *
 * @param now - seconds since the epoch
 */
export function createMemoryStore(now: () => number = () => Date.now() / 1000): Store {
  const partitions = new Map<string, Map<string, Item>>();

  const find = ({ partition, sort }: Key): Item | undefined => {
    const item = partitions.get(partition)?.get(sort);
    return item && (item.expires === undefined || item.expires > now()) ? item : undefined;
  };
  const isExpected = (current: Item | undefined, expected: Expected): boolean =>
    expected === undefined || (current?.version ?? null) === expected;

  return {
    async get(key) {
      return structuredClone(find(key));
    },
    async put(key, value, { expected, expires } = {}) {
      const current = find(key);
      if (!isExpected(current, expected)) return { ok: false, current: structuredClone(current) };
      const version = randomUUID();
      const items = partitions.get(key.partition) ?? new Map<string, Item>();
      partitions.set(key.partition, items);
      items.set(key.sort, {
        ...key,
        version,
        value: structuredClone(value),
        ...(expires !== undefined && { expires }),
      });
      return { ok: true, version };
    },
    async remove(key, expected) {
      const current = find(key);
      if (!isExpected(current, expected)) return { ok: false, current: structuredClone(current) };
      partitions.get(key.partition)?.delete(key.sort);
      return { ok: true, version: randomUUID() };
    },
    async list(partition, { after = '', limit }) {
      const items = [...(partitions.get(partition)?.values() ?? [])]
        .filter((item) => item.sort > after && find(item))
        .sort((a, b) => (a.sort < b.sort ? -1 : 1));
      return structuredClone(items.slice(0, limit));
    },
    async close() {
      partitions.clear();
    },
  };
}
