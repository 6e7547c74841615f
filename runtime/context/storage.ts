import { WebtaskError } from '../errors.ts';
import type { Documents, Expected, Key, Written } from '../store/index.ts';

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
  openStore: () => Promise<Documents>,
  container: string,
  name: string | undefined,
): WebtaskStorage {
  const key = storageKey(container, name ?? '');
  /** The version that this run last saw, `null` for no document, `undefined` before the first look. */
  let seen: Expected;

  async function open(): Promise<Documents> {
    if (name === undefined) throw storageError(400, 'Storage is not available to a webtask without a name.');
    return openStore();
  }

  async function read(): Promise<[error: null, data: unknown]> {
    const item = await (await open()).get(key);
    seen = item?.version ?? null;
    return [null, item?.value];
  }

  /**
   * @param document - a document of its own, or `undefined` to delete the one that is there
   * @returns no arguments: code of that time compares the error with undefined
   */
  async function write(document: unknown, expected: Expected): Promise<[]> {
    const store = await open();
    const isGone = document === undefined;
    const written = await (isGone ? store.remove(key, expected) : put(store, document, expected));
    if (written.ok) {
      seen = isGone ? null : written.version;
      return [];
    }
    seen = written.current?.version ?? null;
    const error = storageError(409, 'The document was changed since it was read.');
    throw Object.assign(error, { conflict: written.current?.value });
  }

  async function put(store: Documents, document: unknown, expected: Expected): Promise<Written> {
    try {
      return await store.put(key, document, { expected });
    } catch (error) {
      if (!(error instanceof WebtaskError)) throw error;
      if (error.code === 'QUOTA_EXCEEDED' || error.code === 'RUN_CALL_TOO_LARGE')
        throw storageError(error.status, error.message);
      if (error.code !== 'STORE_ITEM_TOO_LARGE') throw error;
      const { bytes, maxBytes } = error.fields;
      throw storageError(413, `The document has ${bytes} bytes; storage holds ${maxBytes}.`);
    }
  }

  return {
    get(...args: unknown[]): void {
      const { callback } = readArguments(args);
      if (!callback) throw new Error('Callback must be a function.');
      callBack(callback, read());
    },
    set(data: unknown, ...args: unknown[]): void {
      const { options, callback } = readArguments(args);
      const expected = options.force ? undefined : options.etag !== undefined ? options.etag : seen;
      const document = copyOf(data);
      if (expected === undefined && !options.force && document !== undefined) {
        throw new Error(
          'When calling storage.set without having called storage.get before, you must specify the .force option.',
        );
      }
      callBack(callback, write(document, expected));
    },
  };
}

/** Where the document of a webtask is. */
export function storageKey(container: string, name: string): Key {
  return { partition: `storage/${container}`, sort: name };
}

/** What a document is at this moment: the webtask may change its own before it is written. */
function copyOf(data: unknown): unknown {
  if (data === undefined || data === null) return undefined;
  const text = JSON.stringify(data);
  if (text === undefined) throw new Error('Data must be a JSON value.');
  return JSON.parse(text) ?? undefined;
}

/**
 * Calls back with what became of something. It does so outside of the promise: what the callback throws is an
 * exception that nobody caught, as in any other callback, and no rejection.
 */
function callBack(callback: StorageCallback | undefined, done: Promise<unknown[]>): void {
  done.then(
    (results) => callback && process.nextTick(callback, ...results),
    (error) => callback && process.nextTick(callback, error),
  );
}

/** Both calls take `([options], [callback])`. */
function readArguments(args: unknown[]): { options: StorageOptions; callback?: StorageCallback | undefined } {
  const [first, second] = args;
  const isAlone = second === undefined && (typeof first !== 'object' || first === null);
  const [options, callback] = isAlone ? [{}, first] : [first ?? {}, second];
  if (callback !== undefined && callback !== null && typeof callback !== 'function') {
    throw new Error('Callback must be a function.');
  }
  if (typeof options !== 'object') throw new Error('Options must be an object.');
  return { options, callback: (callback ?? undefined) as StorageCallback | undefined }; // checked to be callable
}

function storageError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code, statusCode: code });
}
