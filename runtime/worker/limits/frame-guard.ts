import { fail } from '../../errors.ts';

/** Bytes of a frame that is large enough to be bounded by what it carries. */
const SMALL_BYTES = 1024;
/** Small frames that a worker can send at once, for nothing. */
const MOST = 20_000;
/** Small frames that it can send each second, for nothing. */
const PER_SECOND = 5_000;
/** Small frames that it can send for each request. */
const PER_RUN = 16;

/** Counts the frames of a worker. */
export interface FrameGuard {
  /** A request was sent, for which frames may come. */
  expect(): void;
  /** @throws WORKER_FRAME_INVALID where there are far more frames than requests */
  take(bytes: number): void;
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
  return {
    expect() {
      if (left < MOST) left += PER_RUN;
    },
    take(bytes) {
      if (bytes >= SMALL_BYTES) return;
      left -= 1;
      if (left > 0) return;
      const at = now();
      left = Math.min(MOST, ((at - filledAt) / 1000) * PER_SECOND);
      filledAt = at;
      if (left < 1) fail('WORKER_FRAME_INVALID', { reason: 'there are too many frames' });
    },
  };
}
