import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { fail } from '../errors.ts';

/** As it is before a webtask may replace it. */
const { nextTick } = process;

/** Bytes of a body that may be under way before the other side has taken some. */
export const WINDOW_BYTES = 256 << 10;
/** Pieces that are smaller are joined with what else comes in the same turn. */
const SMALL_BYTES = 8 << 10;

/** A body on its way to the other side. */
export interface Sending {
  /**
   * The other side has taken that many bytes.
   *
   * @throws WORKER_FRAME_INVALID where it was not sent as many
   */
  taken(bytes: number): void;
  /** Nobody wants the rest. */
  stop(): void;
}

/**
 * Sends a body piece by piece, only as fast as the other side takes it: a large body does not hold up those of other
 * runs on the same pipe by more than {@link WINDOW_BYTES}.
 *
 * @param sent - bytes that have gone with the head already
 * @param send - sends a piece; the last one may be empty
 * @param onBroken - is told where the body ended before it was whole
 */
export function sendBody(
  body: Readable,
  sent: number,
  send: (bytes: Buffer, last: boolean) => void,
  onBroken: () => void,
): Sending {
  let credit = WINDOW_BYTES - sent;
  /** What has come and not gone yet. */
  let waiting: Buffer[] = [];
  let size = 0;
  let isScheduled = false;
  let hasEnded = false;
  let isDone = false;

  /** Sends what may be sent of what has come. */
  const pump = (): void => {
    isScheduled = false;
    while (!isDone && size > 0 && credit > 0) {
      const joined = waiting.length === 1 ? (waiting[0] ?? NO_BYTES) : Buffer.concat(waiting, size);
      const piece = joined.subarray(0, credit);
      const rest = joined.subarray(piece.length);
      waiting = rest.length > 0 ? [rest] : [];
      size = rest.length;
      credit -= piece.length;
      send(piece, false);
    }
    if (hasEnded && size === 0 && !isDone) {
      isDone = true;
      send(NO_BYTES, true);
    }
  };
  const take = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (bytes.length >= SMALL_BYTES) pump(); // it is not to be copied for the sake of what is small
    waiting.push(bytes);
    size += bytes.length;
    if (size >= SMALL_BYTES) pump();
    else if (!isScheduled) {
      isScheduled = true;
      nextTick(pump);
    }
    if (size >= credit) body.pause();
  };
  const end = (): void => {
    hasEnded = true;
    pump();
  };
  const breakOff = (): void => {
    if (isDone || hasEnded) return;
    isDone = true;
    onBroken();
  };
  body.on('data', take).on('end', end).on('error', breakOff).on('close', breakOff);

  return {
    taken(bytes) {
      if (!(bytes >= 0 && credit + bytes <= WINDOW_BYTES)) {
        fail('WORKER_FRAME_INVALID', { reason: 'more of a body was taken than was sent' });
      }
      credit += bytes;
      pump();
      if (size < credit && body.isPaused()) body.resume();
    },
    stop() {
      isDone = true;
      waiting = [];
      size = 0;
      body.off('data', take);
      // To destroy a request is to cut off the answer to it, and the next one needs its connection.
      if (body instanceof IncomingMessage) body.resume();
      else body.destroy();
    },
  };
}

const NO_BYTES = Buffer.alloc(0);
