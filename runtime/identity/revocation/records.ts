import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { fail } from '../../errors.ts';
import type { Item, Key, Store } from '../../store/index.ts';
import { joinEntries, type RevocationEntry } from './entry.ts';

/** The entries of tenants in the store, by key. */
export interface Records {
  /** Joins an entry to what is there. */
  write(tenant: string, entry: RevocationEntry): Promise<void>;
  read(tenant: string, key: string): Promise<RevocationEntry | undefined>;
  /** Gives the entries of a shard after a key, in the order of keys. */
  page(tenant: string, shard: number, after: string | undefined, limit: number): Promise<RevocationEntry[]>;
  /** Gives all entries of a shard, page by page. */
  list(tenant: string, shard: number): AsyncIterable<readonly RevocationEntry[]>;
  /** Removes entries of a shard that ended before, in seconds since the epoch. */
  sweep(tenant: string, shard: number, endedBefore: number): Promise<void>;
}

/** What a tenant's entries are spread over: DynamoDB takes a thousand writes a second of each. */
export const SHARDS = 4;

const PAGE = 1000;
/** Each of them means that somebody else has written the same entry meanwhile. */
const MAX_ATTEMPTS = 100;

/** Keeps entries in a store. */
export function createRecords(store: Store): Records {
  async function* pages(tenant: string, shard: number): AsyncIterable<Item[]> {
    const partition = partitionOf(tenant, shard);
    for (let after: string | undefined; ; ) {
      const items = await store.list(partition, { after, limit: PAGE });
      yield items;
      if (items.length < PAGE) return;
      after = items.at(-1)?.sort;
    }
  }

  return {
    async write(tenant, entry) {
      const place = placeOf(tenant, entry.key);
      let current: Item | undefined;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const there = current && toEntry(current);
        const joined = there ? joinEntries(there, entry) : entry;
        if (isDeepStrictEqual(joined, there)) return;
        const written = await store.put(place, toValue(joined), { expected: current?.version ?? null });
        if (written.ok) return;
        current = written.current;
      }
      fail('STORE_UNREACHABLE', { reason: 'the entry changes faster than it can be written' });
    },
    async read(tenant, key) {
      const item = await store.get(placeOf(tenant, key));
      return item && toEntry(item);
    },
    async page(tenant, shard, after, limit) {
      return (await store.list(partitionOf(tenant, shard), { after, limit })).map(toEntry);
    },
    async *list(tenant, shard) {
      for await (const items of pages(tenant, shard)) yield items.map(toEntry);
    },
    async sweep(tenant, shard, endedBefore) {
      for await (const items of pages(tenant, shard)) {
        for (const item of items) {
          // Somebody may be writing it anew: then it has another version.
          if ((toEntry(item).expires ?? Infinity) < endedBefore) await store.remove(item, item.version);
        }
      }
    },
  };
}

/** Tenants may have any name; partitions may not. */
function partitionOf(tenant: string, shard: number): string {
  return `revocation/${hash('sha256', tenant, 'base64url')}/${shard}`;
}

function placeOf(tenant: string, key: string): Key {
  return { partition: partitionOf(tenant, key.charCodeAt(0) % SHARDS), sort: key };
}

/** It may be kept longer than its expiry says: which store lets go of it when is nothing to rely on. */
function toValue({ key: _, ...value }: RevocationEntry): object {
  return value;
}

function toEntry({ sort, value }: Item): RevocationEntry {
  return { key: sort, ...(value as Omit<RevocationEntry, 'key'>) }; // as it was written here
}
