import type { JobResult } from '../../runtime/server/cron/job.ts';
import { createJobs, type JobRun, type Jobs, type JobsOptions } from '../../runtime/server/cron/jobs.ts';
import { createScheduler, type Scheduler } from '../../runtime/server/cron/scheduler.ts';
import type { Store } from '../../runtime/store/index.ts';
import { createMemoryStore } from '../../runtime/store/memory.ts';

/** A server that runs jobs. */
export interface CronServer {
  readonly jobs: Jobs;
  readonly scheduler: Scheduler;
  /** Looks for what is due, and waits until all of it has run. */
  tick(): Promise<void>;
}

/** Servers over one store and one clock. */
export interface CronBed {
  readonly store: Store;
  /** The time of all servers: milliseconds since the epoch. */
  time: number;
  /** Puts the clock to a time of the day of the bed: `10:05`. */
  at(clock: string): void;
  /** What was run: server, job and the time that it was scheduled for, such as `a job 10:05`. */
  readonly runs: string[];
  readonly errors: unknown[];
  server(
    name: string,
    rules?: Partial<JobsOptions>,
    fire?: (run: JobRun) => Promise<JobResult>,
    store?: Store,
  ): CronServer;
}

export const DAY = '2026-11-23';
export const VALID = { token: 'a.b.c' };
export const CLAIM_MS = 45_000;

/** Makes a bed at ten o'clock. */
export function cronBed(store: Store = createMemoryStore()): CronBed {
  const bed: CronBed = {
    store,
    time: Date.parse(`${DAY}T10:00Z`),
    at(clock) {
      bed.time = Date.parse(`${DAY}T${clock}Z`);
    },
    runs: [],
    errors: [],
    server(name, rules = {}, fire = async (run) => success(run), own = store) {
      const now = () => bed.time;
      const options = { claimMs: CLAIM_MS, missed: 'skip', maxPerContainer: 100, now, ...rules } as const;
      const jobs = createJobs(async () => own, options);
      const scheduler = createScheduler({
        jobs,
        now,
        setTimer: () => () => undefined,
        onError: (error) => void bed.errors.push(error),
        fire(run) {
          bed.runs.push(`${name} ${run.job.name} ${run.scheduledAt.slice(11, 16)}`);
          return fire(run);
        },
      });
      const tick = async (): Promise<void> => {
        await scheduler.tick();
        await scheduler.idle();
      };
      return { jobs, scheduler, tick };
    },
  };
  return bed;
}

/** The result of a run that went well. */
export function success({ scheduledAt }: JobRun): JobResult {
  const times = { scheduled_at: scheduledAt, started_at: scheduledAt, completed_at: scheduledAt };
  return { ...times, type: 'success', statusCode: 200, headers: {}, body: 'done' };
}

/** A store whose server is killed after so many writes: nothing that comes later arrives. */
export function mortal(store: Store, writes: number): Store {
  let left = writes;
  const write =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> => {
      if (left <= 0) return Promise.reject(new Error('killed'));
      left -= 1;
      return call(...args);
    };
  return { ...store, put: write(store.put), remove: write(store.remove) };
}

/** A store whose answers come in any order, as those of a table do. */
export function shuffled(store: Store, seed: number): Store {
  let state = seed;
  const wait = async (): Promise<void> => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    for (let turns = state % 7; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  };
  const slow =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await wait();
      const answer = await call(...args);
      await wait();
      return answer;
    };
  return {
    get: slow(store.get),
    put: slow(store.put),
    remove: slow(store.remove),
    list: slow(store.list),
    close: store.close,
  };
}
