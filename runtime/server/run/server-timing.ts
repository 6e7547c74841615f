/** The steps of a run that its answer tells the duration of. */
export type Step = 'auth' | 'compile' | 'run';

/** A stopwatch for the steps of one run. */
export interface Timing {
  /** Ends a step, which began where the one before it ended. */
  mark(step: Step): void;
  /** The value of `Server-Timing`, in milliseconds. @see W3C Server Timing */
  header(): string;
}

/**
 * Starts the stopwatch of a run.
 *
 * @param startedAt - when it began, as `performance.now()` says it
 */
export function startTiming(startedAt: number): Timing {
  let steps = '';
  let since = startedAt;
  return {
    mark(step) {
      const now = performance.now();
      const tenths = Math.round((now - since) * 10);
      steps += `${steps === '' ? '' : ', '}${step};dur=${Math.floor(tenths / 10)}.${tenths % 10}`;
      since = now;
    },
    header: () => steps,
  };
}
