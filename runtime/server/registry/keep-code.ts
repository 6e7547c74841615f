import { LRUCache } from 'lru-cache';
import { sha256Hex } from '../../code/index.ts';
import { entries } from '../../entries.ts';
import type { Store } from '../../store/index.ts';
import { type BlobOwner, NOTED_EVERY_MS, noteLoose, noteOwner, ownerKey, writeBlob } from './blobs.ts';

/** Keeps code, and lets go of it. */
export interface CodeKeeper {
  /** Gives its SHA-256 in hexadecimal. */
  keep(store: Store, text: string, owner: BlobOwner | undefined): Promise<string>;
  /** Notes that a webtask is about to name other code, or none. */
  letGo(store: Store, sha256: string | undefined): Promise<void>;
}

/**
 * Makes what keeps code. It remembers for a while what it has kept, and asks the store once for what many want at once.
 *
 * @param now - milliseconds since the epoch
 */
export function createCodeKeeper(now: () => number): CodeKeeper {
  const keptAt = new LRUCache<string, number>(entries(10_000));
  const underWay = new Map<string, Promise<void>>();

  const isFresh = (id: string): boolean => (keptAt.get(id) ?? 0) > now() - NOTED_EVERY_MS;

  /** Does what was not done a moment ago, once for all who want it at the same time. */
  async function once(id: string, act: (at: number) => Promise<void>): Promise<void> {
    if (isFresh(id)) return;
    const at = now();
    const done = underWay.get(id) ?? act(at).finally(() => underWay.delete(id));
    underWay.set(id, done);
    await done;
    if (!isFresh(id)) keptAt.set(id, at);
  }

  return {
    async keep(store, text, owner) {
      const bytes = Buffer.from(text);
      const sha256 = sha256Hex(bytes);
      await once(sha256, (at) => writeBlob(store, { sha256, bytes }, at));
      await once(`${sha256} ${ownerKey(sha256, owner).sort}`, () => noteOwner(store, sha256, owner));
      return sha256;
    },
    async letGo(store, sha256) {
      // What was kept a moment ago has a note of then.
      if (sha256 !== undefined && !isFresh(sha256)) await noteLoose(store, sha256, now());
    },
  };
}
