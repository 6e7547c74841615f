import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers'; // the global one is the webtasks'
import { createDecoder } from './decode.ts';
import { encodeFrame, type Frame, type FrameType } from './frame.ts';

/** One end of the pipe between a server and a worker. */
export interface Link {
  /** Sends a frame, with all others of this turn in one write. */
  send(type: FrameType, id: number, message?: { head?: unknown; bytes?: Uint8Array; last?: boolean }): void;
}

/**
 * Joins this process to the other end of a pipe.
 *
 * @param peer - who is at the other end
 * @param onFrame - is given each frame that arrives
 * @param onBroken - is told once why nothing more will come: the pipe was closed, or the other side sent what is no
 * frame, whatever `onFrame` threw
 */
export function openLink(
  pipe: Duplex,
  peer: 'server' | 'worker',
  onFrame: (frame: Frame) => void,
  onBroken: (reason: Error | undefined) => void,
): Link {
  let waiting: Buffer[] = [];
  let size = 0;
  let isBroken = false;

  const breakOff = (reason: Error | undefined): void => {
    if (isBroken) return;
    isBroken = true;
    waiting = [];
    pipe.destroy();
    onBroken(reason);
  };
  const flush = (): void => {
    const pieces = waiting;
    waiting = [];
    if (isBroken || pieces.length === 0) return;
    if (size <= MAX_JOINED_BYTES) pipe.write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, size));
    else writeAll(pipe, pieces);
    size = 0;
  };

  const decode = createDecoder(peer, onFrame);
  pipe.on('data', (chunk: Buffer) => {
    if (isBroken) return;
    try {
      decode(chunk);
    } catch (error) {
      breakOff(error as Error); // WebtaskError, or what a handler found wrong
    }
  });
  pipe.on('error', () => breakOff(undefined)); // whoever was there has gone
  pipe.on('close', () => breakOff(undefined));

  return {
    send(type, id, { head, bytes, last = false } = NOTHING) {
      if (isBroken) return;
      // Not at the end of this turn: what came from other connections meanwhile goes in the same write.
      if (waiting.length === 0) setImmediate(flush);
      for (const piece of encodeFrame(type, id, last, head === undefined ? '' : JSON.stringify(head), bytes)) {
        waiting.push(piece);
        size += piece.length;
      }
    },
  };
}

/** Has nothing of what webtasks may have given to every object. */
const NOTHING: Record<string, never> = Object.freeze(Object.create(null));

/** Joining copies, which is cheaper than several writes only while there is little. */
const MAX_JOINED_BYTES = 64 << 10;

function writeAll(pipe: Duplex, pieces: readonly Buffer[]): void {
  pipe.cork();
  for (const piece of pieces) pipe.write(piece);
  pipe.uncork();
}
