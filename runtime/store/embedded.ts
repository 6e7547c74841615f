/// <reference path="./dynalite.d.ts" />
import { createHash } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { claimFolder } from './owner.ts';

/** An embedded store that can be connected to. */
export interface EmbeddedStore {
  readonly socketPath: string;
  /** Stops it where this process owns it; otherwise does nothing. */
  close(): Promise<void>;
}

/** The longest path that every system takes for a Unix socket. */
const MAX_SOCKET_PATH = 100;

/**
 * Opens the embedded store of a data folder: the DynamoDB API over LevelDB files, on a Unix socket in the folder.
 *
 * It knows no credentials, so it opens no TCP port: who may enter the folder may read the store. The first process of
 * a folder serves it, others connect to that one.
 *
 * @param dataFolder - made with mode 0700 where it is missing
 * @throws STORE_OWNER_SILENT
 */
export async function openEmbeddedStore(dataFolder: string): Promise<EmbeddedStore> {
  const folder = resolve(dataFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const socketPath = await socketPathOf(folder);
  const claim = await claimFolder(folder, socketPath);
  if (claim.role === 'guest') return { socketPath, close: async () => undefined };

  const { default: dynalite } = await import('dynalite');
  const server = dynalite({ path: join(folder, 'dynamodb'), createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await listen(server, socketPath);
  let closing: Promise<void> | undefined;
  return {
    socketPath,
    close() {
      closing ??= stop(server).then(claim.release);
      return closing;
    },
  };
}

/** In the folder, unless its path is too long for a socket: then in a private folder of this user's own. */
async function socketPathOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\webtask-kit-${hash}`;
  const inFolder = join(folder, 'dynamodb.sock');
  if (Buffer.byteLength(inFolder) <= MAX_SOCKET_PATH) return inFolder;
  const own = join(tmpdir(), `webtask-kit-${process.getuid?.() ?? 0}`);
  await mkdir(own, { recursive: true, mode: 0o700 });
  await chmod(own, 0o700); // fails where it is somebody else's, and then nothing may be trusted to it
  return join(own, `${hash}.sock`);
}

/** Waits until a server listens. */
export function listen(server: Server, where: string | { host: string; port: number }): Promise<void> {
  return new Promise((done, refuse) => {
    server.once('error', refuse).listen(where, () => {
      server.off('error', refuse);
      server.unref(); // the store alone keeps no program running
      done();
    });
  });
}

/** Waits until a server has let go of its connections and files. */
export function stop(server: Server): Promise<void> {
  return new Promise((done, refuse) => {
    server.close((error) => (error ? refuse(error) : done()));
    server.closeAllConnections();
  });
}
