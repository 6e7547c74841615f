import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fail, WebtaskError } from '../errors.ts';
import { FORMAT_VERSION, isFormat, isPiece, openStore, readWhole, type WholeStore } from '../store/index.ts';
import { BACKUP_VERSION, type Line } from './format.ts';

/** What a backup holds. */
export interface BackupReport {
  readonly file: string;
  readonly items: number;
  readonly bytes: number;
  readonly withKeys: boolean;
}

/** What a backup is made of. */
export interface BackupOptions {
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Must not exist; it appears with mode 0600, when it is complete. */
  readonly file: string;
  /** Adds the key file of the data folder. */
  readonly withKeys: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Is told how many items there are so far. */
  readonly onItems?: (items: number) => void;
}

/**
 * Copies a store into one file, while servers work with it.
 *
 * Each item is as it was at one moment, and a document of several items too. Code is read last: a webtask that is in
 * the backup has its code there, because code is written before the webtask that names it.
 *
 * @throws BACKUP_FILE_EXISTS, BACKUP_NOT_WRITTEN, BACKUP_NO_KEYS, and what `openStore` throws
 */
export async function backUp(options: BackupOptions): Promise<BackupReport> {
  const { dataFolder, env, file, withKeys } = options;
  if (await stat(file).catch(() => undefined)) fail('BACKUP_FILE_EXISTS', { file });
  const keys = withKeys ? await readKeys(dataFolder) : undefined;
  const store = await openStore(dataFolder, env);
  const draft = `${file}.${process.pid}.part`;
  try {
    let items = 0;
    const lines = linesOf(store, keys, new Date(options.now).toISOString(), () => {
      items += 1;
      options.onItems?.(items);
    });
    const bytes = await write(draft, lines);
    // What a power cut leaves under the name is whole.
    await rename(draft, file);
    await syncFolder(dirname(file));
    return { file, items, bytes, withKeys };
  } catch (error) {
    await rm(draft, { force: true });
    if (error instanceof WebtaskError) throw error;
    return fail('BACKUP_NOT_WRITTEN', { file, reason: (error as Error).message }, { cause: error });
  } finally {
    await store.close();
  }
}

async function* linesOf(
  store: WholeStore,
  keys: string | undefined,
  madeAt: string,
  onItem: () => void,
): AsyncGenerator<string> {
  const sha256 = createHash('sha256');
  let items = 0;
  const say = (line: Line): string => {
    const text = `${JSON.stringify(line)}\n`;
    sha256.update(text);
    return text;
  };
  yield say({ backup: BACKUP_VERSION, format: FORMAT_VERSION, madeAt });
  if (keys !== undefined) yield say({ keys });
  for (const isCodeWanted of [false, true]) {
    for await (const found of store.scan()) {
      if (isFormat(found) || isPiece(found) || found.partition.startsWith('code/') !== isCodeWanted) continue;
      for (const { version: _, ...item } of await readWhole(store, found)) {
        yield say({ item });
        items += 1;
        onItem();
      }
    }
  }
  const end: Line = { end: items, sha256: sha256.digest('hex') };
  yield `${JSON.stringify(end)}\n`;
}

/** @returns the bytes of the file */
async function write(draft: string, lines: AsyncIterable<string>): Promise<number> {
  const handle = await open(draft, 'wx', 0o600);
  try {
    await pipeline(lines, createGzip(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) await handle.writeFile(chunk);
    });
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

async function readKeys(dataFolder: string): Promise<string> {
  const file = join(dataFolder, 'keys');
  return readFile(file, 'utf8').catch((cause) => fail('BACKUP_NO_KEYS', { file }, { cause }));
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // it opens no folders
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
