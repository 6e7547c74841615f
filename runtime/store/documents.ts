import { randomUUID } from 'node:crypto';
import { fail } from '../errors.ts';
import type { Expected, Item, Key, Store, Written } from './store.ts';
import { toText } from './value.ts';

/** What holds one JSON document under a key, as a {@link Store} does. */
export type Documents = Pick<Store, 'get' | 'put' | 'remove'>;

/** What the item of a document holds: the document, or where its pieces are. */
type Head =
  | { readonly inline: unknown }
  | { readonly pieces: string; readonly count: number; readonly bytes?: number | undefined };

/**
 * Is told of a document that is about to change its size, in bytes of JSON, and may throw.
 *
 * @returns what is called when it has changed, or has not
 */
export type Resize = (key: Key, before: number, after: number) => Promise<(isDone: boolean) => Promise<void>>;

/** What a document may have, as JSON text. */
const MAX_BYTES = 500 * 1024;
const MAX_INLINE_BYTES = 300 * 1024;
/** As base64 it stays below what one item takes. */
const PIECE_BYTES = 256 * 1024;
/** A write takes seconds: what is older and not current will never be. */
const UNDER_WAY_MS = 60 * 60 * 1000;
/** Each of them means that somebody else has written meanwhile. */
const MAX_ATTEMPTS = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PENDING = 'documents/pending';

/**
 * Keeps documents of up to 500 KB in a store whose items hold less.
 *
 * The pieces of a large one are written first, under a name of their own that never comes back; one conditional write
 * of its item then makes them current. So a reader finds the old document or the new one, never a mixture. Before any
 * of that, a note says which pieces may become orphans; where a process dies in the middle, the next large write, or
 * `sweep`, removes them an hour later.
 *
 * @param now - milliseconds since the epoch
 * @param resize - counts what documents take
 * @example
 * const documents = createDocuments(store);
 * await documents.put({ partition: 'storage/acme', sort: 'counter' }, { n: 1 }, { expected: null });
 */
export function createDocuments(
  store: Store,
  now: () => number = Date.now,
  resize: Resize = async () => async () => undefined,
): Documents & { sweep(): Promise<void> } {
  async function readItem(key: Key): Promise<Item | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const item = await store.get(key);
      if (!item) return undefined;
      const head = item.value as Head; // as put wrote it
      if ('inline' in head) return { ...item, value: head.inline };
      const text = await readPieces(store, head);
      if (text !== undefined) return { ...item, value: JSON.parse(text) };
      // Swept between the two reads: another document is current by now.
    }
    return fail('STORE_UNREACHABLE', { reason: 'the document changes faster than it can be read' });
  }

  /**
   * Replaces what is there, if it is what was expected. Also a write that expects nothing replaces what it has seen:
   * whose pieces it lets go of must be known.
   */
  async function replace(
    key: Key,
    expected: Expected,
    bytes: number,
    write: (pieces: string, version: string | null) => Promise<Written>,
  ): Promise<Written> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = await store.get(key);
      const version = before?.version ?? null;
      if (expected !== undefined && version !== expected) return { ok: false, current: await readItem(key) };
      const pieces = randomUUID();
      const names = [...namesOf(before), ...(isLarge(bytes) ? [pieces] : [])];
      const resized = await resize(key, documentBytes(before), bytes);
      const written = await noted(key, names, () => write(pieces, version));
      await resized(written.ok);
      if (written.ok) return written;
      if (expected !== undefined) return { ok: false, current: await readItem(key) };
    }
    return fail('STORE_UNREACHABLE', { reason: 'the document changes faster than it can be written' });
  }

  /** Runs a write that makes pieces current, or lets go of some, with a note of them for who finds it unfinished. */
  async function noted<T>(key: Key, names: readonly string[], write: () => Promise<T>): Promise<T> {
    if (names.length === 0) return write();
    const note = { partition: PENDING, sort: `${String(now()).padStart(15, '0')}-${randomUUID()}` };
    await store.put(note, { key: { partition: key.partition, sort: key.sort }, names });
    const result = await write();
    await clear(key, names);
    await store.remove(note);
    await sweep().catch(() => undefined); // the document is written; the next one tries again
    return result;
  }

  /** Removes what writes that were cut short left behind. */
  async function sweep(): Promise<void> {
    for (const note of await store.list(PENDING, { limit: 100 })) {
      if (now() - Number(note.sort.slice(0, 15)) < UNDER_WAY_MS) return; // they are in the order of time
      const { key, names } = note.value as { key: Key; names: string[] }; // as noted wrote it
      await clear(key, names);
      await store.remove(note);
    }
  }

  /** Removes those of the pieces that the item does not name. */
  async function clear(key: Key, names: readonly string[]): Promise<void> {
    const current = namesOf(await store.get(key));
    for (const name of names) if (!current.includes(name)) await removePieces(store, name);
  }

  return {
    get: readItem,
    async put(key, value, { expected } = {}) {
      const text = toText(value, MAX_BYTES);
      const bytes = Buffer.byteLength(text);
      return replace(key, expected, bytes, async (pieces, version) => {
        const head: Head = isLarge(bytes)
          ? { pieces, count: await writePieces(store, pieces, text), bytes }
          : { inline: value };
        return store.put(key, head, { expected: version });
      });
    },
    remove(key, expected) {
      return replace(key, expected, 0, (_pieces, version) => store.remove(key, version));
    },
    sweep,
  };
}

/** Whether an item is a piece of a document, or a note about some: what {@link readWhole} leaves out or takes along. */
export function isPiece({ partition }: Key): boolean {
  return partition.startsWith('documents/');
}

/**
 * Gives an item as it was read, or as it is by now, with the pieces that it is made of: never a mixture.
 *
 * @returns nothing where the item has gone meanwhile
 */
export async function readWhole(store: Store, item: Item): Promise<Item[]> {
  let current: Item | undefined = item;
  for (let attempt = 0; current && attempt < MAX_ATTEMPTS; attempt++) {
    const pieces = await piecesOf(store, current);
    if (pieces) return [...pieces, current];
    const { version }: Item = current;
    current = await store.get(current);
    if (current?.version === version) return [current]; // it is no document, but looks like one
  }
  if (!current) return [];
  return fail('STORE_UNREACHABLE', { reason: 'the document changes faster than it can be read' });
}

/** @returns `undefined` where they are not all there */
async function piecesOf(store: Store, { value }: Item): Promise<Item[] | undefined> {
  const { pieces, count } = (value ?? {}) as { pieces?: unknown; count?: unknown }; // anybody's
  if (typeof pieces !== 'string' || typeof count !== 'number' || !UUID.test(pieces)) return [];
  const items = await store.list(`documents/${pieces}`, { limit: count });
  return items.length === count ? items : undefined;
}

function isLarge(bytes: number): boolean {
  return bytes > MAX_INLINE_BYTES;
}

/** How many bytes of JSON the document has that an item holds. */
export function documentBytes(item: Item | undefined): number {
  if (!item) return 0;
  const head = item.value as Head; // as put wrote it
  if ('inline' in head) return Buffer.byteLength(JSON.stringify(head.inline));
  return head.bytes ?? head.count * PIECE_BYTES;
}

function namesOf(item: Item | undefined): string[] {
  const head = item?.value as Head | undefined; // as put wrote it
  return head && 'pieces' in head ? [head.pieces] : [];
}

async function writePieces(store: Store, name: string, text: string): Promise<number> {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  for (let i = 0; i < count; i++) {
    const piece = bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES).toString('base64');
    await store.put({ partition: `documents/${name}`, sort: String(i) }, piece);
  }
  return count;
}

async function readPieces(store: Store, head: Extract<Head, { count: number }>): Promise<string | undefined> {
  const items = await store.list(`documents/${head.pieces}`, { limit: head.count });
  if (items.length < head.count) return undefined;
  return Buffer.concat(items.map(({ value }) => Buffer.from(String(value), 'base64'))).toString('utf8');
}

async function removePieces(store: Store, name: string): Promise<void> {
  const partition = `documents/${name}`;
  for (const item of await store.list(partition, { limit: 10 })) await store.remove(item);
}
