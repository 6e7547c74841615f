import { randomUUID } from 'node:crypto';
import { fail } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import { type ClaimRules, claimRun } from './claim.ts';
import { createDue, isStale } from './due.ts';
import type { Job, JobChange, JobResult, JobState, Place } from './job.ts';
import { createRecords, type JobRecord } from './records.ts';
import { nextValidTime, type ValidTimes } from './schedule.ts';

/** Which jobs are listed, or which results. */
export interface PageOptions {
  readonly offset: number;
  readonly limit: number;
}

/** Which jobs are listed. */
export interface JobListOptions extends PageOptions {
  /** Metadata that a job must have, all of it, as names and values. */
  readonly meta: readonly (readonly [name: string, value: string])[];
}

/** A run that is to be made. */
export interface JobRun {
  readonly job: Job;
  /** In ISO 8601. */
  readonly scheduledAt: string;
  /** Keeps its result. */
  finish(result: JobResult): Promise<void>;
}

/** Where cron jobs are kept. What is asked of a job that is not there answers `undefined`. */
export interface Jobs {
  /**
   * Creates or changes a job.
   *
   * @param webtask - its current token, and when that is valid
   * @throws CRON_SCHEDULE_INVALID, CRON_TIMEZONE_UNKNOWN, CRON_NEVER, CRON_TOO_MANY
   */
  put(place: Place, change: JobChange, webtask: ValidTimes & { readonly token: string }): Promise<Job>;
  get(place: Place): Promise<Job | undefined>;
  list(container: string, options: JobListOptions): Promise<Job[]>;
  setState(place: Place, state: JobState, webtask: ValidTimes): Promise<Job | undefined>;
  /** Says whether there was one. */
  remove(place: Place): Promise<boolean>;
  /** Newest first. */
  history(place: Place, page: PageOptions): Promise<JobResult[] | undefined>;
  /** Begins a run outside the schedule. */
  begin(place: Place): Promise<JobRun | undefined>;
  /**
   * Gives the runs that are due and that this server, and no other one, has to make. A run is claimed when it is asked
   * for, so ask for it when it can be made.
   *
   * @param onError - is told of a job that cannot be looked at; the others are
   */
  takeDue(onError: (error: unknown) => void): AsyncGenerator<JobRun>;
}

/** What the embedded store of jobs is made with. */
export interface JobsOptions extends ClaimRules {
  /** 0 for any number. */
  readonly maxPerContainer: number;
}

const DEFAULTS = { state: 'active', tz: 'UTC', meta: {}, repeat_interrupted: false } as const;

/** Makes the jobs that are kept in the server's own store. */
export function createJobs(openStore: () => Promise<Store>, options: JobsOptions): Jobs {
  const { now } = options;
  let opened: ReturnType<typeof make> | undefined;
  const make = (store: Store) => {
    const due = createDue(store);
    return { due, records: createRecords(store, due, now) };
  };
  const open = async () => {
    opened ??= make(await openStore());
    return opened;
  };

  /** Whether a container has more jobs than that. */
  async function hasMore(container: string, than: number): Promise<boolean> {
    const { records } = await open();
    let count = 0;
    for await (const _ of records.walk(container)) {
      count += 1;
      if (count > than) return true;
    }
    return false;
  }

  return {
    async put(place, change, webtask) {
      const { records } = await open();
      const { container } = place;
      const max = options.maxPerContainer || Number.POSITIVE_INFINITY;
      let isNew = false;
      const written = await records.change(place, async (before) => {
        isNew = !before;
        if (isNew && (await hasMore(container, max - 1))) fail('CRON_TOO_MANY', { container, max });
        const wanted = { ...(before ?? newRecord(place, now())), ...given(change) };
        const isMoved =
          before?.schedule !== wanted.schedule || before.tz !== wanted.tz || isRevived(before, wanted.state, now());
        if (!isMoved) return { record: wanted };
        const next = await nextValidTime(wanted.schedule, wanted.tz, now(), webtask);
        const { repeat: _, ...rest } = wanted;
        return { record: { ...rest, next_available_at: new Date(next).toISOString() }, looks: [{ time: next }] };
      });
      // Of those that were put at the same time, each that sees too many takes itself back.
      if (isNew && (await hasMore(container, max))) {
        await records.remove(place);
        fail('CRON_TOO_MANY', { container, max });
      }
      return toJob(written ?? fail('CRON_UNKNOWN', { ...place }));
    },
    async get(place) {
      const record = await (await open()).records.get(place);
      return record && toJob(record);
    },
    async list(container, { offset, limit, meta }) {
      const { records } = await open();
      const found: Job[] = [];
      let toSkip = offset;
      if (limit === 0) return found;
      for await (const record of records.walk(container)) {
        if (!meta.every(([key, value]) => Object.hasOwn(record.meta, key) && record.meta[key] === value)) continue;
        if (toSkip-- > 0) continue;
        found.push(toJob(record));
        if (found.length === limit) break;
      }
      return found;
    },
    async setState(place, state, webtask) {
      const { records } = await open();
      const written = await records.change(place, async (before) => {
        if (!before) return undefined;
        if (!isRevived(before, state, now())) return { record: { ...before, state } };
        const next = await nextValidTime(before.schedule, before.tz, now(), webtask);
        return {
          record: { ...before, state, next_available_at: new Date(next).toISOString() },
          looks: [{ time: next }],
        };
      });
      return written && toJob(written);
    },
    async remove(place) {
      return (await open()).records.remove(place);
    },
    async history(place, { offset, limit }) {
      const { records } = await open();
      const record = await records.get(place);
      return record && (await records.history(record)).slice(offset, offset + limit);
    },
    async begin(place) {
      const { records } = await open();
      const record = await records.change(
        place,
        (before) => before && { record: { ...before, number: before.number + 1 } },
      );
      if (!record) return undefined;
      const { number } = record;
      return {
        job: toJob(record),
        scheduledAt: new Date(now()).toISOString(),
        finish: (result) => records.finish(record, { number }, result),
      };
    },
    async *takeDue(onError) {
      const { due, records } = await open();
      for await (const note of due.upTo(now())) {
        try {
          const claim = await claimRun(records, note.place, options);
          // Without a claim it may be about a job that is only being written, or that another server is at.
          if (claim || isStale(note, now())) await due.remove(note).catch(onError);
          if (!claim) continue;
          const { record, run } = claim;
          yield {
            job: toJob(record),
            scheduledAt: run.scheduled_at,
            async finish(result) {
              await records.finish(record, run, result);
              await due.forget(note.place, { time: Date.parse(run.until), run: run.number });
            },
          };
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}

function newRecord({ container, name }: Place, now: number): Omit<JobRecord, 'schedule'> {
  return {
    ...DEFAULTS,
    container,
    name,
    id: randomUUID(),
    number: 0,
    created_at: new Date(now).toISOString(),
    results: [],
    run_count: 0,
    error_count: 0,
    next_available_at: null,
    last_scheduled_at: null,
  };
}

/** The members of a change that are there. */
function given({ schedule, state, tz, meta, repeat_interrupted }: JobChange): Pick<Job, 'schedule'> & Partial<Job> {
  return {
    schedule,
    ...(state !== undefined && { state }),
    ...(tz !== undefined && { tz }),
    ...(meta !== undefined && { meta }),
    ...(repeat_interrupted !== undefined && { repeat_interrupted }),
  };
}

/** A job that was at rest does not run for the times that came meanwhile. */
function isRevived(before: JobRecord, state: JobState, now: number): boolean {
  const next = before.next_available_at;
  return state === 'active' && before.state === 'inactive' && (next === null || Date.parse(next) <= now);
}

function toJob({ id: _, number: _n, running: _r, repeat: _p, ...job }: JobRecord): Job {
  return job;
}
