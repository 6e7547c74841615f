import type { Expected, Store, Written } from '../store/index.ts';

/** `context.storage`: one JSON document for each named webtask. */
export interface WebtaskStorage {
  get(callback: StorageCallback): void;
  get(options: StorageOptions, callback: StorageCallback): void;
  set(data: unknown, callback?: (error?: unknown) => void): void;
  set(data: unknown, options: StorageOptions, callback?: (error?: unknown) => void): void;
}

type StorageCallback = (error?: unknown, data?: unknown) => void;

/** How a document is written. */
export interface StorageOptions {
  /** Writes whatever is there. */
  readonly force?: boolean | 0 | 1;
  /** The version that is expected to be there; `null` for none. */
  readonly etag?: string | null;
}

/** Largest document, in bytes of its JSON text. */
const MAX_BYTES = 500 * 1024;

/**
 * Makes the storage of one run. What the run has seen of the document is known to it alone.
 *
 * A conflict counts as having seen the document that is there, so that the documented retry (merge `error.conflict`,
 * then `set` again) works without another `get`.
 *
 * @param openStore - called on first use
 * @param name - the webtask's name; an anonymous run has none, and no storage
 * @see protocol reference 3.6
 */
export function createStorage(
  openStore: () => Promise<Store>,
  container: string,
  name: string | undefined,
): WebtaskStorage {
  const key = { partition: `storage/${container}`, sort: name ?? '' };
  /** The version that this run last saw, `null` for no document, `undefined` before the first look. */
  let seen: Expected;

  async function read(): Promise<unknown> {
    if (name === undefined) throw storageError(400, 'Storage is not available to a webtask without a name.');
    const item = await (await openStore()).get(key);
    seen = item?.version ?? null;
    return item?.value;
  }

  async function write(data: unknown, expected: Expected): Promise<void> {
    if (name === undefined) throw storageError(400, 'Storage is not available to a webtask without a name.');
    const bytes = Buffer.byteLength(JSON.stringify(data ?? null));
    if (bytes > MAX_BYTES) throw storageError(413, `The document has ${bytes} bytes; storage holds ${MAX_BYTES}.`);
    const store = await openStore();
    const isGone = data === undefined || data === null;
    const written: Written = isGone ? await store.remove(key, expected) : await store.put(key, data, { expected });
    if (written.ok) {
      seen = isGone ? null : written.version;
      return;
    }
    seen = written.current?.version ?? null;
    const error = storageError(409, 'The document was changed since it was read.');
    throw Object.assign(error, { conflict: written.current?.value });
  }

  return {
    get(...args: unknown[]): void {
      const { callback } = readArguments(args);
      if (!callback) throw new Error('Callback must be a function.');
      read().then(
        (data) => callback(null, data),
        (error) => callback(error),
      );
    },
    set(data: unknown, ...args: unknown[]): void {
      const { options, callback } = readArguments(args);
      const expected = options.force ? undefined : options.etag !== undefined ? options.etag : seen;
      if (expected === undefined && !options.force && data !== undefined && data !== null) {
        throw new Error(
          'When calling storage.set without having called storage.get before, you must specify the .force option.',
        );
      }
      // Success has no argument: code of that time compares the error with undefined.
      write(data, expected).then(
        () => callback?.(),
        (error) => callback?.(error),
      );
    },
  };
}

/** Both calls take `([options], [callback])`. */
function readArguments(args: unknown[]): { options: StorageOptions; callback?: StorageCallback | undefined } {
  const [options, callback] = typeof args[0] === 'function' ? [{}, args[0]] : [args[0] ?? {}, args[1]];
  if (typeof options !== 'object' || options === null) throw new Error('Options must be an object.');
  if (callback !== undefined && callback !== null && typeof callback !== 'function') {
    throw new Error('Callback must be a function.');
  }
  return { options, callback: (callback ?? undefined) as StorageCallback | undefined }; // checked to be callable
}

function storageError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code, statusCode: code });
}
