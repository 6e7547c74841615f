import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers'; // the global one is the webtasks'
import { fail } from '../errors.ts';
import { giveBack } from '../invoke/index.ts';
import { createDecoder } from './decode.ts';
import { dropBuffers } from './drop-buffers.ts';
import type { Frame, FrameType } from './frame.ts';
import { createFrameWriter } from './frame-writer.ts';
import type { SharedMemory } from './shared-memory.ts';

/** One end of the pipe between a server and a worker. */
export interface Link {
  /**
   * Sends a frame, with others of this turn in one write.
   *
   * @param message - its head is sent as it is where it is a text, otherwise as JSON
   */
  send(type: FrameType, id: number, message?: { head?: unknown; bytes?: Uint8Array | undefined; last?: boolean }): void;
}

/**
 * Joins this process to the other end of a pipe.
 *
 * @param peer - who is at the other end
 * @param onFrame - is given each frame that arrives
 * @param onBroken - is told once why nothing more will come: the pipe was closed, or the other side sent what is no
 * frame, whatever `onFrame` threw
 * @param memory - what is large goes through it and not through the pipe, as long as there is room
 */
export function openLink(
  pipe: Duplex,
  peer: 'server' | 'worker',
  onFrame: (frame: Frame) => void,
  onBroken: (reason: Error | undefined) => void,
  memory?: SharedMemory,
): Link {
  const frames = createFrameWriter();
  let waiting = 0;
  let isBroken = false;

  const breakOff = (reason: Error | undefined): void => {
    if (isBroken) return;
    isBroken = true;
    pipe.destroy();
    onBroken(reason);
  };
  const flush = (): void => {
    if (isBroken || waiting === 0) return;
    waiting = 0;
    const pieces = frames.take();
    if (pieces.length === 1) pipe.write(pieces[0]);
    else writeAll(pipe, pieces);
  };

  const readPlaced = (unit: number, length: number): Buffer => {
    const bytes = memory?.read(unit, length) ?? NO_BYTES;
    send('free', unit);
    return bytes;
  };
  const take = (frame: Frame): void => {
    if (frame.type !== 'free') onFrame(frame);
    else if (memory) memory.free(frame.id);
    else fail('WORKER_FRAME_INVALID', { reason: 'there is no shared memory' });
  };
  const decode = createDecoder(peer, take, memory && readPlaced);
  pipe.on('data', (chunk: Buffer) => {
    if (isBroken) return;
    try {
      decode(chunk);
      dropBuffers(chunk.length);
    } catch (error) {
      breakOff(error as Error); // WebtaskError, or what a handler found wrong
    }
  });
  pipe.on('error', () => breakOff(undefined)); // whoever was there has gone
  pipe.on('close', () => breakOff(undefined));

  const send: Link['send'] = (type, id, { head, bytes, last = false } = NOTHING) => {
    if (isBroken) return;
    // Not at the end of this turn: what came from other connections meanwhile goes in the same write.
    if (waiting === 0) setImmediate(flush);
    waiting += 1;
    const text = typeof head === 'string' ? head : head === undefined ? '' : JSON.stringify(head);
    const unit = bytes && bytes.length >= PLACED_BYTES ? memory?.place(bytes) : undefined;
    if (bytes && unit !== undefined) frames.addPlaced(type, id, last, text, unit, bytes.length);
    else frames.add(type, id, last, text, bytes);
    const isReused = bytes !== undefined && unit !== undefined && giveBack(bytes);
    if (!isReused && bytes && bytes.length > MANY_BYTES) dropBuffers(bytes.length);
    if (waiting >= MAX_WAITING || frames.size >= MAX_WAITING_BYTES) flush();
  };
  return { send };
}

const NO_BYTES = Buffer.alloc(0);

/** Has nothing of what webtasks may have given to every object. */
const NOTHING: Record<string, never> = Object.freeze(Object.create(null));

/**
 * Frames that wait for others: with fewer, most of the time goes into waking the other side; with more, it has nothing
 * to do meanwhile.
 */
const MAX_WAITING = 16;
const MAX_WAITING_BYTES = 64 << 10;
/** What has fewer goes through the pipe, which costs less than two more calls of the system. */
const PLACED_BYTES = 16 << 10;
/** What has fewer is copied, and its buffer is one of many in one piece of memory. */
const MANY_BYTES = 4096;

function writeAll(pipe: Duplex, pieces: readonly Buffer[]): void {
  pipe.cork();
  for (const piece of pieces) pipe.write(piece);
  pipe.uncork();
}
