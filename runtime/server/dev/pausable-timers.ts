/** Timers that stand still together. */
export interface PausableTimers {
  /**
   * Calls back once.
   *
   * @param ms - milliseconds, of which those do not count in which timers stand still
   * @returns takes it back
   */
  start(ms: number, onTime: () => void): () => void;
  /** Has them stand still, or go on. */
  pause(isPaused: boolean): void;
}

interface Timer {
  readonly onTime: () => void;
  /** Milliseconds, from when it last went on. */
  leftMs: number;
  wentOnAt: number;
  timeout: NodeJS.Timeout | undefined;
}

/**
 * Makes timers for what takes as long as a person looks at it.
 *
 * @example
 * const timers = createPausableTimers();
 * const stop = timers.start(30_000, () => caller.leave());
 * timers.pause(true); // until somebody has looked
 */
export function createPausableTimers(): PausableTimers {
  const timers = new Set<Timer>();
  let isPaused = false;

  function goOn(timer: Timer): void {
    timer.wentOnAt = performance.now();
    timer.timeout = setTimeout(() => {
      timers.delete(timer);
      timer.onTime();
    }, timer.leftMs);
  }

  function standStill(timer: Timer): void {
    clearTimeout(timer.timeout);
    timer.leftMs -= performance.now() - timer.wentOnAt;
  }

  return {
    start(ms, onTime) {
      const timer: Timer = { onTime, leftMs: ms, wentOnAt: 0, timeout: undefined };
      timers.add(timer);
      if (!isPaused) goOn(timer);
      return () => {
        clearTimeout(timer.timeout);
        timers.delete(timer);
      };
    },
    pause(shouldPause) {
      if (shouldPause === isPaused) return;
      isPaused = shouldPause;
      for (const timer of timers) (isPaused ? standStill : goOn)(timer);
    },
  };
}
