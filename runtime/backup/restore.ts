import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors.ts';
import {
  checkFormat,
  claimFolder,
  FORMAT_VERSION,
  isFormat,
  openUnchecked,
  readFormat,
  type WholeStore,
  writeFormat,
} from '../store/index.ts';
import { BACKUP_VERSION } from './format.ts';
import { checkBackup, readLines } from './read.ts';

/** What was restored. */
export interface RestoreReport {
  readonly file: string;
  readonly items: number;
  /** When the backup was made, in ISO 8601. */
  readonly madeAt: string;
  readonly withKeys: boolean;
}

/** What is restored, and to where. */
export interface RestoreOptions {
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Is told how many items there are so far, of how many. */
  readonly onItems?: (items: number, of: number) => void;
}

/** Items that are written at once. */
const AT_ONCE = 20;

/**
 * Writes a backup into an empty store.
 *
 * The whole file is checked first. While it is written, a mark in the store keeps everybody from opening it; a restore
 * that was cut short is run again with the same file.
 *
 * @throws BACKUP_UNREADABLE, BACKUP_NEWER, BACKUP_OTHER_KEYS, STORE_NOT_EMPTY, STORE_IN_USE, STORE_FORMAT_NEWER, and what
 *   `openStore` throws
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { dataFolder, env, file } = options;
  const backup = await checkBackup(file);
  const newest = [backup.version - BACKUP_VERSION, backup.format - FORMAT_VERSION];
  if (newest.some((by) => by > 0)) fail('BACKUP_NEWER', { file, version: backup.format, known: FORMAT_VERSION });
  await checkKeys(dataFolder, backup.keys);
  // Nobody else may serve the folder meanwhile; a table has its mark alone.
  const claim = env.WEBTASK_DYNAMODB_TABLE ? undefined : await claimFolder(dataFolder);
  const store = await openUnchecked(dataFolder, env);
  try {
    await checkEmpty(store, backup.sha256);
    const since = new Date(options.now).toISOString();
    await writeFormat(store, { version: backup.format, restoring: since, backup: backup.sha256 });
    await writeItems(store, options, backup.items);
    if (backup.keys !== undefined) await writeKeys(dataFolder, backup.keys);
    await writeFormat(store, { version: backup.format });
    await checkFormat(store);
  } finally {
    await store.close();
    await claim?.close();
  }
  return { file, items: backup.items, madeAt: backup.madeAt, withKeys: backup.keys !== undefined };
}

/** Empty, or what the same restore left when it was cut short. */
async function checkEmpty(store: WholeStore, sha256: string): Promise<void> {
  const format = await readFormat(store);
  if (format?.restoring !== undefined && format.backup === sha256) return;
  for await (const item of store.scan()) if (!isFormat(item)) fail('STORE_NOT_EMPTY');
}

async function writeItems(store: WholeStore, { file, onItems }: RestoreOptions, of: number): Promise<void> {
  let written = 0;
  let batch: Promise<unknown>[] = [];
  const flush = async (): Promise<void> => {
    await Promise.all(batch);
    written += batch.length;
    batch = [];
    onItems?.(written, of);
  };
  for await (const { line } of readLines(file)) {
    if (!('item' in line)) continue;
    const { value, expires, ...key } = line.item;
    batch.push(store.put(key, value, { expires }));
    if (batch.length === AT_ONCE) await flush();
  }
  await flush();
}

async function checkKeys(dataFolder: string, keys: string | undefined): Promise<void> {
  const file = join(dataFolder, 'keys');
  const there = keys === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined);
  if (there !== undefined && there !== keys) fail('BACKUP_OTHER_KEYS', { file });
}

async function writeKeys(dataFolder: string, keys: string): Promise<void> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await writeFile(join(dataFolder, 'keys'), keys, { mode: 0o600 });
}
