import type { Item, Store } from '../../store/index.ts';
import { type BlobOwner, GRACE_MS, LOOSE, listPieces, markKey, noted, ownerKey } from './blobs.ts';
import type { Registry } from './registry.ts';

/** So many texts are looked at in one go. */
const AT_ONCE = 100;
const FIRST_MS = 60 * 1000;
const EVERY_MS = 60 * 60 * 1000;

/**
 * Removes code that no webtask names any more: what was replaced, or deleted with its webtask, an hour ago or more.
 *
 * No request waits for it, and it scans nothing: it looks at what was noted as loose, and at who is said to name it.
 *
 * @param now - milliseconds since the epoch
 * @returns how many texts were removed
 */
export async function sweepCode(store: Store, registry: Pick<Registry, 'getNamed'>, now: number): Promise<number> {
  let removed = 0;
  for (const note of await store.list(LOOSE, { limit: AT_ONCE })) {
    if (now - Number(note.sort.slice(0, 15)) < GRACE_MS) break; // they are in the order of time
    const { sha256 } = note.value as { sha256: string }; // as noteLoose wrote it
    if (await removeLoose(store, registry, sha256, now)) removed += 1;
    await store.remove(note);
  }
  return removed;
}

async function removeLoose(
  store: Store,
  registry: Pick<Registry, 'getNamed'>,
  sha256: string,
  now: number,
): Promise<boolean> {
  const mark = await store.get(markKey(sha256));
  // Whoever keeps it again has made a note of their own.
  if (!mark || noted(mark) > now - GRACE_MS) return false;
  const pieces = await listPieces(store, sha256);
  const owners = await listFormerOwners(store, registry, sha256);
  if (!owners) return false;
  // Refused where somebody has kept it again meanwhile. From here on they write every piece anew.
  if (!(await store.remove(mark, mark.version)).ok) return false;
  for (const item of [...pieces, ...owners]) await store.remove(item, item.version);
  return true;
}

/** @returns `undefined` where one of them still names it */
async function listFormerOwners(
  store: Store,
  registry: Pick<Registry, 'getNamed'>,
  sha256: string,
): Promise<Item[] | undefined> {
  const { partition, sort: kept } = ownerKey(sha256, undefined);
  const owners: Item[] = [];
  let after: string | undefined;
  for (;;) {
    const items = await store.list(partition, { after, limit: AT_ONCE });
    for (const item of items) {
      if (item.sort === kept) return undefined;
      const { container, name } = item.value as BlobOwner; // as writeBlob wrote it
      if ((await registry.getNamed(container, name))?.code === sha256) return undefined;
    }
    owners.push(...items);
    if (items.length < AT_ONCE) return owners;
    after = items.at(-1)?.sort;
  }
}

/** Sweeps a minute from now and then every hour, until it is told to stop. What fails is tried again an hour later. */
export function keepSweeping(openStore: () => Promise<Store>, registry: Pick<Registry, 'getNamed'>): () => void {
  let timer: NodeJS.Timeout;
  const sweep = async (): Promise<unknown> => sweepCode(await openStore(), registry, Date.now());
  const sweepIn = (ms: number): void => {
    timer = setTimeout(() => {
      sweep().catch(() => undefined);
      sweepIn(EVERY_MS);
    }, ms).unref();
  };
  sweepIn(FIRST_MS);
  return () => clearTimeout(timer);
}
