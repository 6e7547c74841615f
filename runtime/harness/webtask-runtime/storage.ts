import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { WebtaskStorage } from '../../context/index.ts';
import { fail } from '../../errors.ts';
import type { RunOptions } from './options.ts';

/** Storage that a test can look into. */
export interface RuntimeStorage extends WebtaskStorage {
  readonly data: unknown;
  /** `undefined` before the first look, `null` for no document. */
  readonly etag: string | null | undefined;
}

/**
 * Makes storage of one document, in memory or in a file, that calls back at once.
 *
 * @param initialData - the document at the start; then no file is used
 * @throws PROJECT_INVALID where the file holds no JSON
 * @see protocol reference 3.6
 *
 * @example
 * const storage = createStorage({ clicks: 1 });
 * simulate(webtask, { storage }, () => assert.deepEqual(storage.data, { clicks: 2 }));
 */
export function createStorage(
  initialData?: unknown,
  { storageFile }: Pick<RunOptions, 'storageFile'> = {},
): RuntimeStorage {
  const file = initialData ? undefined : storageFile;
  let data = file === undefined ? initialData || undefined : readDocument(file);
  let etag: RuntimeStorage['etag'] = data === undefined ? undefined : etagOf(data);

  return {
    get data() {
      return data;
    },
    get etag() {
      return etag;
    },
    get(...args: unknown[]): void {
      const { callback } = readArguments(args);
      if (!callback) throw new Error('Callback must be a function.');
      if (data === undefined) etag = null;
      callback(null, data);
    },
    set(next: unknown, ...args: unknown[]): void {
      const { options, callback } = readArguments(args);
      const isGone = next === undefined || next === null;
      if (!isGone && etag === undefined && !options.force) {
        throw new Error(
          'When calling storage.set without having called storage.get before, you must specify the .force option.',
        );
      }
      if (!isGone && options.etag !== undefined && options.etag !== (data === undefined ? null : etag)) {
        const error = new Error('Item was modified since it was read.');
        callback?.(Object.assign(error, { code: 409, conflict: data }));
        return;
      }
      data = isGone ? undefined : next;
      etag = isGone ? undefined : etagOf(next);
      if (file === undefined) callback?.();
      else writeDocument(file, data).then(() => callback?.(), callback);
    },
  };
}

function etagOf(data: unknown): string {
  return createHash('md5').update(JSON.stringify(data)).digest('base64');
}

function readDocument(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // the first `set` makes it
  }
  try {
    return JSON.parse(text) ?? undefined;
  } catch (cause) {
    return fail('PROJECT_INVALID', { file, reason: 'it holds no JSON' }, { cause });
  }
}

async function writeDocument(file: string, data: unknown): Promise<void> {
  if (data === undefined) await rm(file, { force: true });
  else await writeFile(file, JSON.stringify(data, null, 2));
}

type Callback = (error?: unknown, data?: unknown) => void;

/** Both calls take `([options], [callback])`. */
function readArguments(args: unknown[]): {
  options: { force?: unknown; etag?: unknown };
  callback: Callback | undefined;
} {
  const [options, callback] = typeof args[0] === 'function' ? [{}, args[0]] : [args[0] ?? {}, args[1]];
  if (callback !== undefined && callback !== null && typeof callback !== 'function')
    throw new Error('Callback must be a function.');
  if (typeof options !== 'object') throw new Error('Options must be an object.');
  return { options, callback: (callback ?? undefined) as Callback | undefined }; // checked to be callable
}
