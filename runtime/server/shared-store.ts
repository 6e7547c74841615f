import { WebtaskError } from '../errors.ts';
import type { Store } from '../store/index.ts';

/** The store of a server: opened once, and again where that failed. */
export interface SharedStore {
  readonly open: () => Promise<Store>;
  close(): Promise<void>;
}

/** What may pass while the server runs. */
const MAY_PASS = ['STORE_UNREACHABLE', 'STORE_NO_TABLE'];

/**
 * Opens the store of a server when it starts, so that what will not pass by itself is said then: a folder that belongs
 * to another process, a format that is not known. A store that cannot be reached is asked again by each request.
 *
 * @throws what `openStore` throws, but for what may pass
 */
export async function openSharedStore(openStore: () => Promise<Store>): Promise<SharedStore> {
  let store: Promise<Store> | undefined;
  const open = (): Promise<Store> => {
    store ??= openStore().catch((error: unknown) => {
      store = undefined;
      throw error;
    });
    return store;
  };
  await open().catch((error: unknown) => {
    if (!(error instanceof WebtaskError && MAY_PASS.includes(error.code))) throw error;
  });
  return {
    open,
    async close() {
      const opened = await store?.catch(() => undefined);
      await opened?.close();
    },
  };
}
