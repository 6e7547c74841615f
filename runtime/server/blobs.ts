import { sha256Hex } from '../code/index.ts';
import type { Store } from '../store/index.ts';

/** As base64 it stays below what one item takes. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Keeps a text by its content, in pieces that fit into items.
 *
 * The first piece is written last: where it is there, all are. What is there is not written again, since it is the same.
 *
 * @returns SHA-256 of its UTF-8, in hexadecimal
 */
export async function writeBlob(store: Store, text: string): Promise<string> {
  const bytes = Buffer.from(text);
  const sha256 = sha256Hex(bytes);
  const partition = `code/${sha256}`;
  if (await store.get({ partition, sort: pieceName(0) })) return sha256;
  const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES));
  for (let i = count - 1; i >= 0; i--) {
    const piece = bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES).toString('base64');
    await store.put({ partition, sort: pieceName(i) }, piece);
  }
  return sha256;
}

/** Gives the text of that hash, where it was kept. */
export async function readBlob(store: Store, sha256: string): Promise<string | undefined> {
  const partition = `code/${sha256}`;
  const pieces: Buffer[] = [];
  let after: string | undefined;
  for (;;) {
    const items = await store.list(partition, { after, limit: 10 });
    for (const { value } of items) pieces.push(Buffer.from(String(value), 'base64'));
    if (items.length < 10) break;
    after = items.at(-1)?.sort;
  }
  const bytes = Buffer.concat(pieces);
  // Pieces of a write that was cut short are no text yet.
  return pieces.length > 0 && sha256Hex(bytes) === sha256 ? bytes.toString('utf8') : undefined;
}

function pieceName(index: number): string {
  return String(index).padStart(4, '0');
}
