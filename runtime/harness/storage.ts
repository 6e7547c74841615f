import { createStorage, type WebtaskStorage } from '../context/index.ts';
import type { Store } from '../store/index.ts';

/**
 * Makes the storage of a webtask under test: in memory, and opened when the webtask first uses it.
 *
 * @param document - what is in it at the start
 * @returns what makes the storage of each run
 */
export function testStorage(document: unknown, name: string): () => WebtaskStorage {
  let opened: Promise<Store> | undefined;
  const open = async (): Promise<Store> => {
    const { createMemoryStore } = await import('../store/memory.ts');
    const store = createMemoryStore();
    if (document !== undefined) await store.put({ partition: 'storage/webtask-local', sort: name }, document);
    return store;
  };
  return () => {
    const openOnce = (): Promise<Store> => {
      opened ??= open();
      return opened;
    };
    return createStorage(openOnce, 'webtask-local', name);
  };
}
