import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail } from '../errors.ts';
import type { DynamoDBApi } from './api.ts';
import { createAsker, Lost } from './ask-socket.ts';
import { type EmbeddedStore, openEmbeddedStore } from './embedded.ts';
import { readOwner } from './owner.ts';

/**
 * Joins the embedded store of a data folder, and stays with it: where the process that serves it ends, this one serves
 * it, or asks the next one that does.
 *
 * The process that serves it asks by a call, without HTTP: that is sooner there, and loads less.
 *
 * @throws STORE_OWNER_SILENT, STORE_FILES_UNUSABLE, STORE_FOLDER_FOREIGN
 */
export async function joinEmbeddedStore(dataFolder: string): Promise<DynamoDBApi> {
  let current = await openEmbeddedStore(dataFolder);
  let opening: Promise<EmbeddedStore> | undefined;
  let isClosed = false;
  const asker = createAsker(() => current.socketPath);

  async function openAgain(): Promise<EmbeddedStore> {
    // Where somebody has removed the folder, no empty one takes its place.
    await access(join(resolve(dataFolder), 'dynamodb'));
    current = await openEmbeddedStore(dataFolder);
    return current;
  }

  return {
    async ask(operation, input, signal) {
      if (isClosed) throw new Error('it is closed');
      if (current.files) return current.files.ask(operation, input);
      const first = await asker.ask(operation, input, signal);
      if (!(first instanceof Lost)) return first;
      if (isClosed || signal.aborted) throw first.error;
      opening ??= openAgain().finally(() => {
        opening = undefined;
      });
      const { files } = await opening;
      if (files) return files.ask(operation, input);
      const second = await asker.ask(operation, input, signal, true);
      if (second instanceof Lost) throw second.error;
      return second;
    },
    async close() {
      isClosed = true;
      asker.close();
      await opening?.catch(() => undefined);
      await current.close();
    },
  };
}

/**
 * Has this process, and no other, serve the embedded store of a data folder until it lets go.
 *
 * @throws STORE_IN_USE, and what {@link joinEmbeddedStore} throws
 */
export async function claimFolder(dataFolder: string): Promise<{ close(): Promise<void> }> {
  const store = await openEmbeddedStore(dataFolder);
  if (!store.files) fail('STORE_IN_USE', { folder: dataFolder, ...(await readOwner(resolve(dataFolder))) });
  return store;
}
