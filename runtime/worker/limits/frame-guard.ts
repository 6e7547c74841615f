import { fail } from '../../errors.ts';
import { WINDOW_BYTES } from '../send-body.ts';

/** Bytes of a frame that is large enough to be bounded by what it carries. */
const SMALL_BYTES = 1024;
/** Small frames that a worker can send at once, for nothing. */
const MOST = 20_000;
/** Small frames that it can send each second, for nothing. */
const PER_SECOND = 5_000;
/** Small frames that it can send for each request. */
const PER_RUN = 16;
/** Bytes of what nobody wants any more that count as a small frame. */
const UNWANTED_BYTES = 64;
/** What may still be under way when a caller leaves. */
const PER_ABORT = 2 * WINDOW_BYTES;
/** What may still be under way of all that left: of more, some has come, or will not. */
const MOST_UNDER_WAY = 128 * PER_ABORT;

/** Counts the frames of a worker. */
export interface FrameGuard {
  /** A request was sent, for which frames may come. */
  expect(): void;
  /** Nobody wants the answer to a request any more, of which some may be under way. */
  abort(): void;
  /** @throws WORKER_FRAME_INVALID where there are far more frames than requests */
  take(bytes: number): void;
  /**
   * Takes a frame that belongs to nothing that is going on.
   *
   * @throws WORKER_FRAME_INVALID where there is far more of such than can have been under way
   */
  takeUnwanted(bytes: number): void;
}

/**
 * Makes the guard against a worker that sends frames without end: each is small and valid, and all together would keep
 * its server busy.
 *
 * @param now - milliseconds, of a clock that only goes forward
 */
export function createFrameGuard(now: () => number): FrameGuard {
  let left = MOST;
  let filledAt = now();
  /** Bytes that nobody wants any more, and that may come all the same. */
  let underWay = 0;

  function spend(frames: number): void {
    left -= frames;
    if (left > 0) return;
    const at = now();
    left = Math.min(MOST, ((at - filledAt) / 1000) * PER_SECOND);
    filledAt = at;
    if (left < 1) fail('WORKER_FRAME_INVALID', { reason: 'there are too many frames' });
  }
  return {
    expect() {
      if (left < MOST) left += PER_RUN;
    },
    abort() {
      underWay = Math.min(underWay + PER_ABORT, MOST_UNDER_WAY);
    },
    take(bytes) {
      if (bytes < SMALL_BYTES) spend(1);
    },
    takeUnwanted(bytes) {
      const isExpected = bytes > 0 && bytes <= underWay;
      if (isExpected) underWay -= bytes;
      else spend(1 + Math.ceil(bytes / UNWANTED_BYTES));
    },
  };
}
