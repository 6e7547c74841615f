/** Bytes of the buffers that are lent; what is smaller is not worth it, and what is larger comes in pieces. */
const SIZES = [64 << 10, 256 << 10] as const;
const LEAST_BYTES = 32 << 10;
/** The longest piece that a lent buffer holds. */
export const MAX_LENT_BYTES = SIZES[1];
/** Bytes of buffers that are kept for the next pieces. */
const MAX_KEPT_BYTES = 8 << 20;

/** As it is before a webtask may replace it. */
const { allocUnsafe, allocUnsafeSlow, from } = Buffer;

const kept = new Map<number, ArrayBuffer[]>(SIZES.map((size) => [size, []]));
/** How long the piece is that each one was lent for. */
const lent = new WeakMap<ArrayBufferLike, number>();
let keptBytes = 0;

/**
 * Makes a buffer for a piece of a body, of memory that an earlier piece had where it can.
 *
 * Memory that is always new is cold, has to be asked of the system page by page, and is V8's to find and drop again: for
 * a body of 1 MiB that takes longer than to send it.
 *
 * @param length - bytes of the piece
 * @returns a buffer with anything in it
 */
export function lendBuffer(length: number): Buffer {
  if (length < LEAST_BYTES) return allocUnsafe(length);
  const size = SIZES.find((it) => it >= length);
  if (size === undefined) return allocUnsafeSlow(length);
  const free = kept.get(size)?.pop();
  if (free) keptBytes -= size;
  const memory = free ?? allocUnsafeSlow(size).buffer;
  lent.set(memory, length);
  return from(memory, 0, length);
}

/**
 * Gives a piece back whose bytes nobody will read any more. Whoever keeps it instead owes nothing: it goes as all memory
 * does.
 *
 * @returns whether it was lent, and is all that was
 */
export function giveBack({ buffer, byteOffset, length }: Uint8Array): boolean {
  if (byteOffset !== 0 || lent.get(buffer) !== length) return false;
  lent.delete(buffer);
  const size = buffer.byteLength;
  if (keptBytes + size > MAX_KEPT_BYTES) return false;
  kept.get(size)?.push(buffer as ArrayBuffer); // it was made here
  keptBytes += size;
  return true;
}
