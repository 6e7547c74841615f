import { closeSync, readSync, writeSync } from 'node:fs';
import { fail } from '../errors.ts';
import { lendBuffer } from '../invoke/index.ts';

/**
 * One end of memory that a server and a worker both have. Large pieces of bodies are written into it by the one and read
 * from it by the other, and frames say where: each byte is copied as often as through a pipe, but the pipe holds a fifth
 * of 1 MiB, and both sides would take turns until all of it is through.
 */
export interface SharedMemory {
  /**
   * Writes a piece for the other side.
   *
   * @returns the unit at which it begins; `undefined` where there is no room, so that it has to go through the pipe
   */
  place(bytes: Uint8Array): number | undefined;
  /**
   * The other side has read the piece that begins there.
   *
   * @throws WORKER_FRAME_INVALID where none does
   */
  free(unit: number): void;
  /**
   * Reads a piece of the other side.
   *
   * @throws WORKER_FRAME_INVALID where it is said to be where none can be, or less is there
   */
  read(unit: number, length: number): Buffer;
  /** Nothing is written or read any more: another file may have the descriptor from now on. */
  close(): void;
}

/** Pieces begin at multiples of it. */
const UNIT_BYTES = 64 << 10;
/** What each side may have under way. A frame has room for the numbers of 127. */
const UNITS = 32;
/** Bytes of the longest piece. */
export const MAX_PLACED_BYTES = 256 << 10;
/** Bytes of all of it. */
export const MEMORY_BYTES = 2 * UNITS * UNIT_BYTES;

/** As they are before a webtask may replace them. */
const own = { readSync, writeSync };
const { allocUnsafeSlow } = Buffer;

/**
 * Makes one end of shared memory.
 *
 * What is written through a descriptor and read through another is copied once more than what both processes have
 * mapped, which Node cannot; and nothing that is checked can be changed afterwards.
 *
 * @param descriptor - of a file that is in memory
 * @param side - whose end it is: each has a half to write into
 */
export function createSharedMemory(descriptor: number, side: 'server' | 'worker'): SharedMemory {
  const [mine, theirs] = side === 'server' ? [0, UNITS] : [UNITS, 0];
  /** Units of the piece that begins at each; 0 where none does. */
  const counts = new Uint8Array(UNITS);
  const isUsed = new Uint8Array(UNITS);
  let isBroken = false;
  let isClosed = false;

  /** The first that fits, so that few are used where few are needed. */
  function find(count: number): number | undefined {
    let start = 0;
    for (let unit = 0; unit < UNITS; unit += 1) {
      if (isUsed[unit] === 1) start = unit + 1;
      else if (unit + 1 - start === count) return start;
    }
    return undefined;
  }
  function write(bytes: Uint8Array, unit: number): boolean {
    try {
      return own.writeSync(descriptor, bytes, 0, bytes.length, (mine + unit) * UNIT_BYTES) === bytes.length;
    } catch {
      return false; // the machine has no memory left for it, or a webtask has closed it
    }
  }
  return {
    place(bytes) {
      if (isBroken || isClosed || bytes.length > MAX_PLACED_BYTES) return undefined;
      const count = Math.ceil(bytes.length / UNIT_BYTES);
      const unit = find(count);
      if (unit === undefined) return undefined;
      isBroken = !write(bytes, unit);
      if (isBroken) return undefined;
      isUsed.fill(1, unit, unit + count);
      counts[unit] = count;
      return unit;
    },
    free(unit) {
      const count = counts[unit] ?? 0;
      if (count === 0) fail('WORKER_FRAME_INVALID', { reason: `nothing is at ${unit} of the shared memory` });
      isUsed.fill(0, unit, unit + count);
      counts[unit] = 0;
    },
    read(unit, length) {
      const isPlace = !isClosed && unit < UNITS && length <= MAX_PLACED_BYTES;
      if (!isPlace) fail('WORKER_FRAME_INVALID', { reason: `nothing can be at ${unit} of the shared memory` });
      // A webtask keeps what it is given; of the server it is known when that was sent.
      const bytes = side === 'server' ? lendBuffer(length) : allocUnsafeSlow(length);
      const read = own.readSync(descriptor, bytes, 0, length, (theirs + unit) * UNIT_BYTES);
      if (read !== length)
        fail('WORKER_FRAME_INVALID', { reason: `${read} of ${length} bytes are in the shared memory` });
      return bytes;
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      closeSync(descriptor);
    },
  };
}
