import { access } from 'node:fs/promises';
import { connect as connectTo, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { fail } from '../errors.ts';
import { type EmbeddedStore, openEmbeddedStore } from './embedded.ts';
import { readOwner } from './owner.ts';

/** A way to the embedded store, for as long as a program runs. */
export interface JoinedStore {
  /** Connects to whoever serves the store by then. */
  connect(): Promise<Socket>;
  close(): Promise<void>;
}

/**
 * Joins the embedded store of a data folder, and stays with it: where the process that serves it ends, this one serves
 * it, or connects to the next one that does.
 *
 * @throws STORE_OWNER_SILENT, STORE_FILES_UNUSABLE, STORE_FOLDER_FOREIGN
 */
export async function joinEmbeddedStore(dataFolder: string): Promise<JoinedStore> {
  let current = await openEmbeddedStore(dataFolder);
  let opening: Promise<EmbeddedStore> | undefined;
  let isClosed = false;

  async function openAgain(): Promise<EmbeddedStore> {
    // Where somebody has removed the folder, no empty one takes its place.
    await access(join(resolve(dataFolder), 'dynamodb'));
    current = await openEmbeddedStore(dataFolder);
    return current;
  }

  return {
    async connect() {
      try {
        return await dial(current.socketPath);
      } catch (error) {
        if (isClosed || current.isOwner) throw error;
        opening ??= openAgain().finally(() => {
          opening = undefined;
        });
        return dial((await opening).socketPath);
      }
    },
    async close() {
      isClosed = true;
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
  if (!store.isOwner) fail('STORE_IN_USE', { folder: dataFolder, ...(await readOwner(resolve(dataFolder))) });
  return store;
}

function dial(socketPath: string): Promise<Socket> {
  return new Promise((done, refuse) => {
    const socket = connectTo(socketPath, () => {
      socket.off('error', refuse);
      done(socket);
    });
    socket.once('error', refuse);
  });
}
