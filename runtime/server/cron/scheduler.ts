import type { JobResult } from './job.ts';
import type { JobRun, Jobs } from './jobs.ts';

/** What the scheduler works with. */
export interface SchedulerParts {
  readonly jobs: Pick<Jobs, 'takeDue'>;
  /** Runs a job. */
  readonly fire: (run: JobRun) => Promise<JobResult>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Calls once, in so many milliseconds. Gives what takes that back. */
  readonly setTimer: (call: () => void, ms: number) => () => void;
  readonly onError: (error: unknown) => void;
}

/** Runs jobs at their times. */
export interface Scheduler {
  /** Looks now, and at the beginning of every minute. Calling it again does nothing. */
  start(): void;
  /** Begins what is due. Resolves when all of that has begun. */
  tick(): Promise<void>;
  /** Resolves when no run is under way. */
  idle(): Promise<void>;
  /** Begins nothing more, and resolves when the results of what runs are kept. */
  stop(): Promise<void>;
}

const MINUTE_MS = 60_000;
/** A timer may be early. */
const AFTER_MINUTE_MS = 25;
/** Jobs that this server runs at once. */
const MAX_RUNNING = 20;

/** Makes the scheduler of a server. */
export function createScheduler({ jobs, fire, now, setTimer, onError }: SchedulerParts): Scheduler {
  const running = new Set<Promise<void>>();
  let isStopped = false;
  let cancelTimer: (() => void) | undefined;
  let looking: Promise<void> | undefined;

  async function make(run: JobRun): Promise<void> {
    try {
      await run.finish(await fire(run));
    } catch (error) {
      onError(error); // without a result it is recorded as interrupted, when its time has run out
    }
  }

  async function look(): Promise<void> {
    const due = jobs.takeDue(onError);
    try {
      for (;;) {
        // A run is claimed when there is room for it here: meanwhile another server may take it.
        while (running.size >= MAX_RUNNING) await Promise.race(running);
        if (isStopped) return;
        const { value, done } = await due.next();
        if (done) return;
        const made: Promise<void> = make(value).finally(() => running.delete(made));
        running.add(made);
      }
    } catch (error) {
      onError(error);
    } finally {
      await due.return(undefined);
    }
  }

  function tick(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
  }

  function next(): void {
    void tick();
    const untilNextMinute = MINUTE_MS - (now() % MINUTE_MS) + AFTER_MINUTE_MS;
    cancelTimer = setTimer(next, untilNextMinute);
  }

  return {
    start() {
      if (cancelTimer || isStopped) return;
      next();
    },
    tick,
    idle,
    async stop() {
      isStopped = true;
      cancelTimer?.();
      await looking;
      await idle();
    },
  };
}
