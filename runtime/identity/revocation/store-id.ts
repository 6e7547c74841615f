import { randomUUID } from 'node:crypto';
import type { Store } from '../../store/index.ts';

const PLACE = { partition: 'revocation/store', sort: 'id' } as const;

/** Gives the id of a store, which it is given by the first who asks. */
export async function readStoreId(store: Store): Promise<string> {
  const item = await store.get(PLACE);
  if (item) return item.value as string; // as it was written here
  const id = randomUUID();
  const written = await store.put(PLACE, id, { expected: null });
  return written.ok ? id : readStoreId(store);
}
