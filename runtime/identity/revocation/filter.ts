/**
 * Tells of most fingerprints that are not in a table that they are not: by a bit for each of a million, in 128 KiB, where
 * the table would have to be fetched from memory in several places.
 *
 * @see Bloom, "Space/Time Trade-offs in Hash Coding with Allowable Errors", 1970; this is one with a single hash
 */
export type Filter = Int32Array;

const BITS = 20;

/** Makes one that has nothing in it. */
export function createFilter(): Filter {
  return new Int32Array(2 ** (BITS - 5));
}

/**
 * Puts a fingerprint in.
 *
 * @param word - 32 bits of it
 */
export function putIn(filter: Filter, word: number): void {
  const bit = word >>> (32 - BITS);
  filter[bit >>> 5] = (filter[bit >>> 5] as number) | (1 << (bit & 31)); // within its length
}

/** Whether a fingerprint may be in it: where this says no, it is not. */
export function mayBeIn(filter: Filter, word: number): boolean {
  const bit = word >>> (32 - BITS);
  return ((filter[bit >>> 5] as number) & (1 << (bit & 31))) !== 0; // within its length
}
