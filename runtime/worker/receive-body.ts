import { Readable } from 'node:stream';
import { fail } from '../errors.ts';
import { WINDOW_BYTES } from './send-body.ts';

/** As it is before a webtask may replace it. */
const { nextTick } = process;

/** A body that comes from the other side. */
export interface Receiving {
  readonly body: Readable;
  /** @throws WORKER_FRAME_INVALID where more comes than was asked for, or after the end */
  push(bytes: Buffer, last: boolean): void;
  /** The rest will not come. */
  breakOff(error: Error): void;
}

/**
 * Makes the stream of a body whose pieces arrive in frames.
 *
 * @param onTaken - is told how many bytes its reader has taken since the last time, so that as many more may be sent
 * @param onLeft - the reader does not want the rest
 */
export function receiveBody(onTaken: (bytes: number) => void, onLeft: () => void): Receiving {
  let received = 0;
  let told = 0;
  let isOver = false;

  const tell = (): void => {
    const taken = received - told - body.readableLength;
    if (isOver || taken < WINDOW_BYTES / 2) return;
    told += taken;
    onTaken(taken);
  };
  const body = new Readable({
    // Less than the window: what waits here never uses up all that may be under way.
    highWaterMark: WINDOW_BYTES / 2,
    // Called before its reader is given what it asked for.
    read: () => nextTick(tell),
    destroy(error, done) {
      if (!isOver) onLeft();
      isOver = true;
      done(error);
    },
  });
  body.on('error', () => undefined); // its reader sees it too; without a reader it must not end the process

  return {
    body,
    push(bytes, last) {
      received += bytes.length;
      if (received - told > WINDOW_BYTES) fail('WORKER_FRAME_INVALID', { reason: 'a body came too fast' });
      if (body.destroyed) return; // the other side does not know yet
      if (isOver) fail('WORKER_FRAME_INVALID', { reason: 'a body went on after its end' });
      if (bytes.length > 0) body.push(bytes);
      if (!last) return;
      isOver = true;
      body.push(null);
    },
    breakOff(error) {
      isOver = true; // there is nobody to tell
      body.destroy(error);
    },
  };
}
