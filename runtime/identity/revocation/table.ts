import { createFilter, type Filter, mayBeIn, putIn } from './filter.ts';
import { createFingerprints, type Words } from './fingerprint.ts';

/** Entries by key, in memory. */
export interface Table {
  /** How many entries there are. */
  size(): number;
  /** What they take, in bytes, beside a quarter of a MiB whatever their number is. */
  bytes(): number;
  /**
   * Adds an entry, or joins it to the one that is there.
   *
   * @param key - in base64url, as `createKeys` makes them
   * @param notBefore - seconds since the epoch, or {@link ALWAYS}
   * @param expires - seconds since the epoch, or {@link NEVER}
   * @param now - seconds since the epoch: what has ended makes room
   */
  add(key: string, notBefore: number, expires: number, now: number): void;
  /** Gives the `notBefore` of an entry, or -1 where there is none. */
  find(key: string): number;
  /** Lets go of what has ended in one of the segments; the next call takes the next one. */
  sweep(now: number): void;
  /** What {@link createTable} makes the same table of. The segments go on changing. */
  parts(): TableParts;
}

/** What a table consists of. */
export interface TableParts {
  readonly key: Words;
  readonly segments: readonly Uint32Array[];
}

/** The `notBefore` of what forbids tokens of any age. */
export const ALWAYS = 0xffff_ffff;
/** The end of what stays. */
export const NEVER = 0xffff_ffff;
/** How many parts a table has. */
export const SEGMENTS = 256;
/** The words of a slot: three of a fingerprint, `notBefore`, and `expires`, which is 0 in an empty slot. */
export const SLOT_WORDS = 5;

/** Up to here the rows to search are short: some ten slots where a key is missing. */
const MAX_LOAD = 0.8;
/** How full a segment is that has just grown, which makes 31.25 bytes an entry. */
const GROWN_LOAD = 0.64;

/**
 * Makes a table: typed arrays, open addressing, fingerprints of 96 bits with the times beside them.
 *
 * Its 256 segments grow one by one, so that no call takes longer than a fraction of a millisecond. A missing key is taken
 * for another one once in 2^96 slots that are looked at. Most missing keys are told by a filter. That forgets nothing by
 * itself: while all segments are swept once, another one is made, which then takes its place.
 *
 * @param parts - of another table, to go on with
 */
export function createTable(parts?: TableParts): Table {
  const { key: secret, out, ofKey } = createFingerprints(parts?.key);
  const segments = parts ? [...parts.segments] : Array.from({ length: SEGMENTS }, () => new Uint32Array(SLOT_WORDS));
  const counts = segments.map((segment) => countLive(segment, 0));
  let swept = 0;
  let filter = createFilter();
  let nextFilter = createFilter();
  for (const segment of segments) putAllIn(filter, segment);

  /** Makes a segment anew, of what has not ended, with room for more. */
  function rebuild(index: number, room: number, now: number): void {
    const old = segments[index] as Uint32Array; // there are SEGMENTS of them
    const live = countLive(old, now);
    const segment = new Uint32Array(Math.ceil((live + room) / GROWN_LOAD) * SLOT_WORDS);
    for (let from = 0; from < old.length; from += SLOT_WORDS) {
      if (!isLive(old, from, now)) continue;
      let to = startOf(segment, old[from] as number);
      while (segment[to + 4] !== 0) to = nextOf(segment, to);
      for (let word = 0; word < SLOT_WORDS; word++) segment[to + word] = old[from + word] as number;
    }
    segments[index] = segment;
    counts[index] = live;
  }

  return {
    size: () => counts.reduce((sum, count) => sum + count, 0),
    bytes: () => segments.reduce((sum, { byteLength }) => sum + byteLength, 0),
    add(key, notBefore, expires, now) {
      ofKey(key);
      for (const it of [filter, nextFilter]) putIn(it, out[2] as number); // before it can be asked for
      const index = (out[3] as number) % SEGMENTS;
      let segment = segments[index] as Uint32Array;
      let at = slotOf(segment, out);
      if (segment[at + 4] !== 0) {
        segment[at + 3] = Math.max(segment[at + 3] as number, notBefore);
        segment[at + 4] = Math.max(segment[at + 4] as number, expires);
        return;
      }
      if (((counts[index] as number) + 1) * SLOT_WORDS > segment.length * MAX_LOAD) {
        rebuild(index, 1, now);
        segment = segments[index] as Uint32Array;
        at = slotOf(segment, out);
      }
      segment.set([out[0] as number, out[1] as number, out[2] as number, notBefore, expires], at);
      counts[index] = (counts[index] as number) + 1;
    },
    find(key) {
      ofKey(key);
      if (!mayBeIn(filter, out[2] as number)) return -1;
      const segment = segments[(out[3] as number) % SEGMENTS] as Uint32Array;
      const at = slotOf(segment, out);
      return segment[at + 4] === 0 ? -1 : (segment[at + 3] as number);
    },
    sweep(now) {
      const index = swept++ % SEGMENTS;
      if (countLive(segments[index] as Uint32Array, now) < (counts[index] as number)) rebuild(index, 1, now);
      putAllIn(nextFilter, segments[index] as Uint32Array);
      if (index < SEGMENTS - 1) return;
      filter = nextFilter;
      nextFilter = createFilter();
    },
    parts: () => ({ key: secret, segments }),
  };
}

/** Where a fingerprint is, or the empty slot where it belongs. There always is one. */
function slotOf(segment: Uint32Array, fingerprint: Uint32Array): number {
  const f0 = fingerprint[0] as number; // it has four words
  const f1 = fingerprint[1];
  const f2 = fingerprint[2];
  let at = startOf(segment, f0);
  while (segment[at + 4] !== 0) {
    if (segment[at] === f0 && segment[at + 1] === f1 && segment[at + 2] === f2) return at;
    at = nextOf(segment, at);
  }
  return at;
}

/** The slot that lies in its segment as the first word lies among all words. */
function startOf(segment: Uint32Array, word: number): number {
  return Math.floor((word * (segment.length / SLOT_WORDS)) / 2 ** 32) * SLOT_WORDS;
}

function nextOf(segment: Uint32Array, at: number): number {
  return at + SLOT_WORDS === segment.length ? 0 : at + SLOT_WORDS;
}

function putAllIn(filter: Filter, segment: Uint32Array): void {
  for (let at = 0; at < segment.length; at += SLOT_WORDS) {
    if (segment[at + 4] !== 0) putIn(filter, segment[at + 2] as number);
  }
}

function isLive(segment: Uint32Array, at: number, now: number): boolean {
  return (segment[at + 4] as number) > now;
}

function countLive(segment: Uint32Array, now: number): number {
  let count = 0;
  for (let at = 0; at < segment.length; at += SLOT_WORDS) if (isLive(segment, at, now)) count += 1;
  return count;
}
