import { fail } from '../errors.ts';
import { FRAMES, type Frame, type FrameRule, type FrameType, HEADER_BYTES } from './frame.ts';

const NO_BYTES = Buffer.alloc(0);

/**
 * Makes a reader of frames.
 *
 * Lengths are checked before anything is kept, so a sender cannot have the reader hold more than one frame of an
 * allowed size. A frame that is a piece of a body alone is given in the pieces in which it comes: joining them would
 * copy all that goes through the pipe.
 *
 * @param from - whose frames these are; those of the other side are refused
 * @param onFrame - is given each frame as soon as it is whole; its bytes are its own
 * @param readPlaced - reads the bytes that begin at a unit of shared memory, where there is such memory
 * @returns takes the next piece of what was sent
 * @throws WORKER_FRAME_INVALID
 */
export function createDecoder(
  from: 'server' | 'worker',
  onFrame: (frame: Frame) => void,
  readPlaced?: (unit: number, length: number) => Buffer,
): (chunk: Buffer) => void {
  const kinds = new Map<number, FrameType>();
  for (const [type, rule] of Object.entries(FRAMES)) {
    if (rule.from === from || rule.from === 'both') kinds.set(rule.number, type as FrameType); // the keys of FRAMES
  }
  /** What came of the next frame, and how much of it has to come before it can be read. */
  let pieces: Buffer[] = [];
  let have = 0;
  let need = HEADER_BYTES;
  /** The rest of a piece of a body, which is still to come. */
  let open: { readonly type: FrameType; readonly last: boolean; readonly id: number; left: number } | undefined;

  function sizeOf(buffer: Buffer, at: number): number {
    const type = kinds.get(buffer[at] ?? 0);
    if (type === undefined) fail('WORKER_FRAME_INVALID', { reason: `there is no frame of kind ${buffer[at]}` });
    const head = buffer.readUInt32BE(at + 6);
    const bytes = buffer.readUInt32BE(at + 10);
    const { maxHead, maxBytes } = FRAMES[type];
    const isPlaced = (buffer[at + 1] ?? 0) > 1;
    if ((isPlaced && !readPlaced) || head > maxHead || bytes > maxBytes) {
      fail('WORKER_FRAME_INVALID', { reason: `${type} has ${head} and ${bytes} bytes` });
    }
    return HEADER_BYTES + head + (isPlaced ? 0 : bytes);
  }

  /** Reads the whole frames of a buffer, and says where the rest begins. */
  function read(buffer: Buffer): number {
    let at = 0;
    need = HEADER_BYTES;
    while (buffer.length - at >= HEADER_BYTES) {
      const size = sizeOf(buffer, at);
      if (buffer.length - at < size) {
        if (begin(buffer, at, size)) return buffer.length;
        break;
      }
      const headEnd = at + HEADER_BYTES + buffer.readUInt32BE(at + 6);
      const type = kinds.get(buffer[at] ?? 0);
      if (type === undefined) break; // sizeOf has refused it
      const frame: Frame = {
        type,
        last: isLast(buffer, at),
        id: buffer.readUInt32BE(at + 2),
        head: buffer.toString('utf8', at + HEADER_BYTES, headEnd),
        bytes: headEnd === at + size ? placedAt(buffer, at) : buffer.subarray(headEnd, at + size),
      };
      at += size;
      onFrame(frame);
    }
    return at;
  }

  /** What the frame that begins there has in shared memory. */
  function placedAt(buffer: Buffer, at: number): Buffer {
    const flags = buffer[at + 1] ?? 0;
    return flags > 1 && readPlaced ? readPlaced((flags >> 1) - 1, buffer.readUInt32BE(at + 10)) : NO_BYTES;
  }

  /** Gives the beginning of a piece of a body, where there is enough of it. */
  function begin(buffer: Buffer, at: number, size: number): boolean {
    const type = kinds.get(buffer[at] ?? 0);
    const start = at + HEADER_BYTES;
    const rule: FrameRule | undefined = type && FRAMES[type];
    const isBody = rule?.comesInPieces === true;
    need = isBody ? Math.min(size, HEADER_BYTES + LEAST_BYTES) : size;
    if (type === undefined || !isBody || buffer.length - at < need) return false;
    need = HEADER_BYTES;
    const id = buffer.readUInt32BE(at + 2);
    open = { type, last: isLast(buffer, at), id, left: at + size - buffer.length };
    onFrame({ type, last: false, id, head: '', bytes: buffer.subarray(start) });
    return true;
  }

  /** Gives what has come of the piece that is open, and what follows it. */
  function goOn(chunk: Buffer): Buffer {
    if (!open) return chunk;
    const { type, id, left } = open;
    const bytes = chunk.subarray(0, left);
    open.left -= bytes.length;
    const last = open.left === 0 && open.last;
    if (open.left === 0) open = undefined;
    onFrame({ type, last, id, head: '', bytes });
    return chunk.subarray(bytes.length);
  }

  return (received) => {
    const chunk = goOn(received);
    if (chunk.length === 0) return;
    pieces.push(chunk);
    have += chunk.length;
    if (have < need) return joinSmall(pieces);
    const buffer = pieces.length === 1 ? chunk : Buffer.concat(pieces, have);
    const end = read(buffer);
    const rest = buffer.subarray(end);
    have = rest.length;
    pieces = have === 0 ? [] : [rest];
  };
}

function isLast(buffer: Buffer, at: number): boolean {
  return ((buffer[at + 1] ?? 0) & 1) === 1;
}

/** Of a piece of a body, fewer bytes are waited for. */
const LEAST_BYTES = 4096;

/** Has each piece be larger than the next: many small ones would take far more memory than they hold. */
function joinSmall(pieces: Buffer[]): void {
  for (let [before, last] = pieces.slice(-2); last && before && before.length <= last.length; ) {
    last = Buffer.concat([before, last]);
    pieces.splice(-2, 2, last);
    before = pieces.at(-2);
  }
}
