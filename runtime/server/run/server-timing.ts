/** The steps of a run that its answer tells the duration of. */
export type Step = 'auth' | 'compile' | 'run';

/** A stopwatch for the steps of one run. */
export interface Timing {
  /** Ends a step, which began where the one before it ended. */
  mark(step: Step): void;
  /** The value of `Server-Timing`, in milliseconds. @see W3C Server Timing */
  header(): string;
}

/** Starts the stopwatch of a run. */
export function startTiming(): Timing {
  const steps: string[] = [];
  let since = performance.now();
  return {
    mark(step) {
      const now = performance.now();
      steps.push(`${step};dur=${(now - since).toFixed(1)}`);
      since = now;
    },
    header: () => steps.join(', '),
  };
}
