import { sha256Hex } from '../../code/index.ts';
import { fail } from '../../errors.ts';
import type { Item, Key, Store } from '../../store/index.ts';

/** A text and its hash. */
export interface Blob {
  /** In hexadecimal. */
  readonly sha256: string;
  readonly bytes: Buffer;
}

/** Who keeps a text: a webtask under its name. */
export interface BlobOwner {
  readonly container: string;
  readonly name: string;
}

/** As base64 it stays below what one item takes. */
const CHUNK_BYTES = 256 * 1024;

/** How long a text stays that nobody names, since whoever has just kept it may be about to. */
export const GRACE_MS = 60 * 60 * 1000;

/** So seldom is noted that a text was kept again. Far below the grace, as clocks differ. */
export const NOTED_EVERY_MS = 10 * 60 * 1000;

const MAX_ATTEMPTS = 100;

/** Texts that nobody may name any more, in the order of time. */
export const LOOSE = 'code-loose';

/**
 * Keeps a text by its content, in pieces that fit into items.
 *
 * It has a mark, which is written after its pieces and removed before them: where that is there, and was not removed
 * while it was looked at, the text is whole and stays for an hour, named or not. Who names it is to be said after.
 *
 * @param now - milliseconds since the epoch
 */
export async function writeBlob(store: Store, { sha256, bytes }: Blob, now: number): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (await isMarked(store, sha256, bytes, now)) return;
  }
  fail('STORE_UNREACHABLE', { reason: 'the code changes faster than it can be written' });
}

/**
 * Says who names a text, for the sweep to ask.
 *
 * @param owner - without one it stays for ever, since only a token knows of it
 */
export async function noteOwner(store: Store, sha256: string, owner: BlobOwner | undefined): Promise<void> {
  await store.put(ownerKey(sha256, owner), owner ?? {});
}

/** Sees to the text and its mark. Says whether nobody else has changed the mark meanwhile. */
async function isMarked(store: Store, sha256: string, bytes: Buffer, now: number): Promise<boolean> {
  const mark = await store.get(markKey(sha256));
  if (mark && noted(mark) > now - NOTED_EVERY_MS) return true;
  if (!mark || (await readBlob(store, sha256)) === undefined) {
    // Without a mark it was kept before there were any, or somebody is keeping it now: then it stays for good.
    if (!mark && (await listPieces(store, sha256)).length > 0) await noteOwner(store, sha256, undefined);
    await writePieces(store, sha256, bytes);
  }
  await noteLoose(store, sha256, now);
  return (await store.put(markKey(sha256), { at: now }, { expected: mark?.version ?? null })).ok;
}

async function writePieces(store: Store, sha256: string, bytes: Buffer): Promise<void> {
  const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES));
  for (let i = count - 1; i >= 0; i--) {
    const piece = bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES).toString('base64');
    await store.put({ partition: partitionOf(sha256), sort: pieceName(i) }, piece);
  }
}

/** Gives the text of that hash, where it was kept. */
export async function readBlob(store: Store, sha256: string): Promise<string | undefined> {
  const pieces = (await listPieces(store, sha256)).map(({ value }) => Buffer.from(String(value), 'base64'));
  const bytes = Buffer.concat(pieces);
  // Pieces of a write that was cut short are no text yet.
  return pieces.length > 0 && sha256Hex(bytes) === sha256 ? bytes.toString('utf8') : undefined;
}

/** Gives the pieces of a text, in their order. */
export async function listPieces(store: Store, sha256: string): Promise<Item[]> {
  const pieces: Item[] = [];
  let after: string | undefined;
  for (;;) {
    const items = await store.list(partitionOf(sha256), { after, limit: 10 });
    pieces.push(...items);
    if (items.length < 10) return pieces;
    after = items.at(-1)?.sort;
  }
}

/** Notes that nobody may name a text any more, to be looked at when its grace is over. */
export async function noteLoose(store: Store, sha256: string, now: number): Promise<void> {
  await store.put({ partition: LOOSE, sort: `${String(now).padStart(15, '0')}-${sha256}` }, { sha256 });
}

/** When it was noted that a text was kept, by its mark. */
export function noted({ value }: Item): number {
  return (value as { at: number }).at; // as writeBlob wrote it
}

/** Where the mark of a text is. */
export function markKey(sha256: string): Key {
  return { partition: `code-mark/${sha256}`, sort: 'mark' };
}

/** Where it is said who names a text; what has no owner is under `kept`. */
export function ownerKey(sha256: string, owner: BlobOwner | undefined): Key {
  const sort = owner === undefined ? 'kept' : sha256Hex(`${owner.container}/${owner.name}`);
  return { partition: `code-owner/${sha256}`, sort };
}

function partitionOf(sha256: string): string {
  return `code/${sha256}`;
}

function pieceName(index: number): string {
  return String(index).padStart(4, '0');
}
