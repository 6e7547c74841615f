import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { request, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../errors.ts';
import { type Files, openFiles } from './files.ts';
import { readOwner, removeOwner, writeOwner } from './owner.ts';

/** An embedded store that can be connected to. */
export interface EmbeddedStore {
  readonly socketPath: string;
  /** Its files, where this process serves them. */
  readonly files: Pick<Files, 'ask'> | undefined;
  /** Stops it where this process owns it; otherwise does nothing. */
  close(): Promise<void>;
}

/** The longest path that every system takes for a Unix socket. */
const MAX_SOCKET_PATH = 100;

const RETRY_MS = 20;

/**
 * Opens the embedded store of a data folder: the DynamoDB API over LevelDB files, on a Unix socket in the folder.
 *
 * It knows no credentials, so it opens no TCP port: who may enter the folder may read the store. The process that
 * holds the files serves them, others connect to that one. Where it dies the files are free, and the next process that
 * opens the store serves them, with every write that was acknowledged.
 *
 * @param dataFolder - made with mode 0700 where it is missing
 * @param patienceMs - how long to wait for the answer of a process that holds the files
 * @throws STORE_OWNER_SILENT, STORE_FILES_UNUSABLE, STORE_FOLDER_FOREIGN
 */
export async function openEmbeddedStore(dataFolder: string, patienceMs = 5_000): Promise<EmbeddedStore> {
  const folder = resolve(dataFolder);
  await onDisk(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  });
  const socketPath = await socketPathOf(folder);
  const giveUp = Date.now() + patienceMs;
  for (;;) {
    const left = Math.max(giveUp - Date.now(), RETRY_MS);
    if (await answers(socketPath, left)) {
      return { socketPath, files: undefined, close: async () => undefined };
    }
    const files = await openFiles(join(folder, 'dynamodb'));
    if (files !== 'held') return onDisk(folder, () => serve(files, socketPath, folder));
    if (Date.now() >= giveUp) return fail('STORE_OWNER_SILENT', { folder, ...(await readOwner(folder)) });
    await delay(RETRY_MS); // it is about to listen, or to let go
  }
}

/** Serves files that this process holds: nobody else removes the socket meanwhile, or listens on it. */
async function serve(files: Files, socketPath: string, folder: string): Promise<EmbeddedStore> {
  const { server, close } = files;
  try {
    await writeOwner(folder);
    if (process.platform !== 'win32') await rm(socketPath, { force: true });
    server.on('connection', (socket) => socket.unref());
    await listen(server, socketPath);
  } catch (error) {
    await close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    socketPath,
    files,
    close() {
      // The files come last: from then on they, and what marks their owner, may be another process's.
      closing ??= stop(server)
        .then(() => removeOwner(folder))
        .finally(close);
      return closing;
    },
  };
}

/** Has what the disk refuses be said by name. */
async function onDisk<T>(folder: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // of the file system, or of listen(2)
    if (code === undefined) throw error;
    return fail('STORE_FILES_UNUSABLE', { folder, reason: message }, { cause: error });
  }
}

/** Whether somebody not only holds the socket, but answers. Mostly nobody is there, who need not be asked by HTTP. */
function answers(socketPath: string, timeoutMs: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(socketPath);
    socket.on('error', () => done(false));
    socket.once('connect', () => {
      const question = request({ createConnection: () => socket }, (answer) => {
        answer.resume();
        done(true);
      });
      question.setTimeout(timeoutMs, () => question.destroy());
      question.on('error', () => done(false));
      question.end();
    });
  });
}

/** In the folder, unless its path is too long for a socket: then in a private folder of this user's own. */
async function socketPathOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\webtask-kit-${hash}`;
  const inFolder = join(folder, 'dynamodb.sock');
  if (Buffer.byteLength(inFolder) <= MAX_SOCKET_PATH) return inFolder;
  const user = process.getuid?.() ?? 0;
  const own = join(tmpdir(), `webtask-kit-${user}`);
  await mkdir(own, { recursive: true, mode: 0o700 });
  // Anybody may make folders there, under any name: nothing is trusted to one that is somebody else's.
  const found = await lstat(own);
  if (!found.isDirectory() || found.uid !== user) fail('STORE_FOLDER_FOREIGN', { folder: own });
  await chmod(own, 0o700);
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

/** Waits until a server has let go of its connections. */
export function stop(server: Server): Promise<void> {
  return new Promise((done, refuse) => {
    server.close((error) => (error ? refuse(error) : done()));
    server.closeAllConnections();
  });
}
