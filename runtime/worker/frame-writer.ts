import { FRAMES, type FrameType, HEADER_BYTES } from './frame.ts';

/** Frames that wait to be sent, in as few pieces as it takes. */
export interface FrameWriter {
  /**
   * Adds a frame.
   *
   * @param head - what is said, as JSON text
   */
  add(type: FrameType, id: number, last: boolean, head: string, bytes?: Uint8Array): void;
  /** Adds a frame that has so many bytes at a unit of shared memory. */
  addPlaced(type: FrameType, id: number, last: boolean, head: string, unit: number, length: number): void;
  /** Bytes that wait. */
  readonly size: number;
  /** Gives what waits, in the order in which it was added. */
  take(): Buffer[];
}

/** As they are before a webtask may replace them. */
const { allocUnsafeSlow, byteLength, from } = Buffer;

/** Of the memory that small frames are written into, one after the other: a piece for each would cost more than all else. */
const SLAB_BYTES = 64 << 10;
/** Copying less than this costs less than one more piece to send. */
const SMALL_BYTES = 4096;
/** UTF-8 has at most so many bytes for each unit of a text. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Makes a writer of frames.
 *
 * @example
 * const frames = createFrameWriter();
 * frames.add('run', 2, true, '{"of":1}');
 * for (const piece of frames.take()) pipe.write(piece);
 */
export function createFrameWriter(): FrameWriter {
  let pieces: Buffer[] = [];
  let size = 0;
  let slab = allocUnsafeSlow(0);
  /** Where what was not given yet begins and ends in the slab; nothing before is written again. */
  let start = 0;
  let end = 0;

  function closePiece(): void {
    if (end > start) pieces.push(slab.subarray(start, end));
    start = end;
  }
  function makeRoom(bytes: number): void {
    if (slab.length - end >= bytes) return;
    closePiece();
    slab = allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
    start = 0;
    end = 0;
  }
  function begin(type: FrameType, flags: number, id: number, head: string, length: number): void {
    const at = end;
    const headBytes = head === '' ? 0 : slab.write(head, at + HEADER_BYTES);
    slab[at] = FRAMES[type].number;
    slab[at + 1] = flags;
    slab.writeUInt32BE(id, at + 2);
    slab.writeUInt32BE(headBytes, at + 6);
    slab.writeUInt32BE(length, at + 10);
    end += HEADER_BYTES + headBytes;
    size += HEADER_BYTES + headBytes;
  }
  return {
    get size() {
      return size;
    },
    add(type, id, last, head, bytes) {
      const length = bytes?.length ?? 0;
      const isSmall = length <= SMALL_BYTES;
      makeRoom(HEADER_BYTES + mostBytes(head) + (isSmall ? length : 0));
      begin(type, last ? 1 : 0, id, head, length);
      size += length;
      if (bytes === undefined || length === 0) return;
      if (isSmall) {
        slab.set(bytes, end);
        end += length;
        return;
      }
      closePiece();
      pieces.push(from(bytes.buffer, bytes.byteOffset, length));
    },
    addPlaced(type, id, last, head, unit, length) {
      makeRoom(HEADER_BYTES + mostBytes(head));
      begin(type, (last ? 1 : 0) + 2 * (unit + 1), id, head, length);
    },
    take() {
      closePiece();
      const all = pieces;
      pieces = [];
      size = 0;
      return all;
    },
  };
}

/** Counting the bytes of a short text takes longer than having room for the most. */
function mostBytes(text: string): number {
  return text.length < SMALL_BYTES ? text.length * MAX_BYTES_PER_UNIT : byteLength(text);
}
