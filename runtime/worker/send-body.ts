import type { Readable } from 'node:stream';
import { fail } from '../errors.ts';

/** Bytes of a body that may be under way before the other side has taken some. */
export const WINDOW_BYTES = 256 << 10;
/** As the frames of bodies allow. */
const PIECE_BYTES = 64 << 10;

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
 * Sends a body piece by piece, only as fast as the other side takes it. Pieces are small, so that a large body does not
 * hold up those of other runs on the same pipe.
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
  let rest: Buffer = NO_BYTES;
  let hasEnded = false;
  let isDone = false;

  const pump = (): void => {
    while (!isDone && credit > 0) {
      if (rest.length === 0) {
        const chunk: Buffer | string | null = body.read();
        if (chunk === null) break;
        rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      }
      const piece = rest.subarray(0, Math.min(PIECE_BYTES, credit));
      rest = rest.subarray(piece.length);
      credit -= piece.length;
      send(piece, false);
    }
    if (hasEnded && rest.length === 0 && !isDone) {
      isDone = true;
      send(NO_BYTES, true);
    }
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
  body.on('readable', pump).on('end', end).on('error', breakOff).on('close', breakOff);
  pump();

  return {
    taken(bytes) {
      if (!(bytes >= 0 && credit + bytes <= WINDOW_BYTES)) {
        fail('WORKER_FRAME_INVALID', { reason: 'more of a body was taken than was sent' });
      }
      credit += bytes;
      pump();
    },
    stop() {
      isDone = true;
      body.destroy();
    },
  };
}

const NO_BYTES = Buffer.alloc(0);
