import { fail } from '../errors.ts';
import { FRAMES, type Frame, type FrameType, HEADER_BYTES } from './frame.ts';

const NO_BYTES = Buffer.alloc(0);

/**
 * Makes a reader of frames.
 *
 * Lengths are checked before anything is kept, so a sender cannot have the reader hold more than one frame of an
 * allowed size.
 *
 * @param from - whose frames these are; those of the other side are refused
 * @param onFrame - is given each frame as soon as it is whole; its bytes are its own
 * @returns takes the next piece of what was sent
 * @throws WORKER_FRAME_INVALID
 */
export function createDecoder(from: 'server' | 'worker', onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  const kinds = new Map<number, FrameType>();
  for (const [type, rule] of Object.entries(FRAMES)) {
    if (rule.from === from || rule.from === 'both') kinds.set(rule.number, type as FrameType); // the keys of FRAMES
  }
  /** What came of the next frame, and how much of it has to come before it can be read. */
  let pieces: Buffer[] = [];
  let have = 0;
  let need = HEADER_BYTES;

  function sizeOf(buffer: Buffer, at: number): number {
    const type = kinds.get(buffer[at] ?? 0);
    if (type === undefined) fail('WORKER_FRAME_INVALID', { reason: `there is no frame of kind ${buffer[at]}` });
    const head = buffer.readUInt32BE(at + 6);
    const bytes = buffer.readUInt32BE(at + 10);
    const { maxHead, maxBytes } = FRAMES[type];
    if ((buffer[at + 1] ?? 2) > 1 || head > maxHead || bytes > maxBytes) {
      fail('WORKER_FRAME_INVALID', { reason: `${type} has ${head} and ${bytes} bytes` });
    }
    return HEADER_BYTES + head + bytes;
  }

  /** Reads the whole frames of a buffer, and says where the rest begins. */
  function read(buffer: Buffer): number {
    let at = 0;
    need = HEADER_BYTES;
    while (buffer.length - at >= HEADER_BYTES) {
      const size = sizeOf(buffer, at);
      if (buffer.length - at < size) {
        need = size;
        break;
      }
      const headEnd = at + HEADER_BYTES + buffer.readUInt32BE(at + 6);
      const type = kinds.get(buffer[at] ?? 0);
      if (type === undefined) break; // sizeOf has refused it
      const frame: Frame = {
        type,
        last: buffer[at + 1] === 1,
        id: buffer.readUInt32BE(at + 2),
        head: buffer.toString('utf8', at + HEADER_BYTES, headEnd),
        bytes: headEnd === at + size ? NO_BYTES : buffer.subarray(headEnd, at + size),
      };
      at += size;
      onFrame(frame);
    }
    return at;
  }

  return (chunk) => {
    pieces.push(chunk);
    have += chunk.length;
    if (have < need) return;
    const buffer = pieces.length === 1 ? chunk : Buffer.concat(pieces, have);
    const end = read(buffer);
    const rest = buffer.subarray(end);
    have = rest.length;
    pieces = have === 0 ? [] : [rest];
  };
}
