import { fail } from '../../errors.ts';
import type { Key, Store } from '../../store/index.ts';
import type { Due, Look } from './due.ts';
import { type Job, type JobResult, type Place, withResult } from './job.ts';

/** A job as the embedded store has it. */
export interface JobRecord extends Job {
  /** Its own, so that what is left of a job is nothing to another one of the same name. */
  readonly id: string;
  /** Of the last run that was begun: 1, 2, 3. */
  readonly number: number;
  /** The run that is under way by schedule. */
  readonly running?: RunningRun | undefined;
  /** The run that was interrupted and is to be run again. */
  readonly repeat?: RunningRun | undefined;
}

/** A run that a server has claimed. Times are in ISO 8601. */
export interface RunningRun {
  readonly number: number;
  /** Which time of the same scheduled one it is, from 1. */
  readonly attempt: number;
  readonly scheduled_at: string;
  readonly started_at: string;
  /** From then on it counts as interrupted. */
  readonly until: string;
}

/** A job as it is to be, and when to look at it. */
export interface RecordChange {
  readonly record: JobRecord;
  readonly looks?: readonly Look[];
}

/** The jobs of the embedded store, one item each, and their histories. */
export interface Records {
  get(place: Place): Promise<JobRecord | undefined>;
  /**
   * Changes a job by conditional writes: what it is made from is what is there.
   *
   * @param make - may be called several times; `undefined` leaves the job alone
   * @returns what was written; `undefined` where nothing was
   */
  change(
    place: Place,
    make: (before: JobRecord | undefined) => RecordChange | undefined | Promise<RecordChange | undefined>,
  ): Promise<JobRecord | undefined>;
  /** Says how a run ended. What was said first stays. One that was interrupted is noted to be repeated, where it may be. */
  finish(record: JobRecord, run: Pick<RunningRun, 'number'>, result: JobResult): Promise<void>;
  /** Newest first. */
  history(record: JobRecord): Promise<JobResult[]>;
  /** Removes a job with its history. */
  remove(place: Place): Promise<boolean>;
  /** All jobs of a container, in the order of their names. */
  walk(container: string): AsyncGenerator<JobRecord>;
}

const KEPT_RESULTS = 100;
const MAX_RUNS_OF_ONE_TIME = 3;
const PAGE = 100;
/** Each of them means that somebody else has written meanwhile. */
const MAX_ATTEMPTS = 100;

/**
 * Makes the records of jobs over a store.
 *
 * @param now - milliseconds since the epoch
 */
export function createRecords(store: Store, due: Due, now: () => number): Records {
  async function get(place: Place): Promise<JobRecord | undefined> {
    return (await store.get(keyOf(place)))?.value as JobRecord | undefined; // as change wrote it
  }

  const change: Records['change'] = async (place, make) => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const item = await store.get(keyOf(place));
      const changed = await make(item?.value as JobRecord | undefined); // as this wrote it
      if (changed === undefined) return undefined;
      const { record, looks = [] } = changed;
      await Promise.all(looks.map((look) => due.note(place, look)));
      const written = await store.put(keyOf(place), record, { expected: item?.version ?? null });
      if (!written.ok) continue;
      // Who came upon the note before this was written took it for nothing.
      for (const look of looks) if (look.time <= now()) await due.note(place, look);
      return record;
    }
    return fail('STORE_UNREACHABLE', { reason: 'the cron job changes faster than it can be written' });
  };

  async function removeHistory(id: string): Promise<void> {
    for (;;) {
      const items = await store.list(historyOf(id), { limit: PAGE });
      for (const item of items) await store.remove(item);
      if (items.length < PAGE) return;
    }
  }

  return {
    get,
    change,
    async finish({ container, name, id }, { number }, result) {
      const place = { container, name };
      if ((await get(place))?.id !== id) return;
      const key = { partition: historyOf(id), sort: runName(number) };
      const written = await store.put(key, result, { expected: null });
      if (!written.ok && !written.current) fail('STORE_UNREACHABLE', { reason: 'a result was neither kept nor there' });
      const said = written.ok ? result : (written.current?.value as JobResult); // as this wrote it
      const changed = await change(place, (before) => {
        if (before?.id !== id) return undefined;
        const { running, ...rest } = before;
        if (running?.number !== number) return written.ok ? { record: withResult(before, said) } : undefined;
        if (said.type !== 'interrupted' || !mayRepeat(before, running)) return { record: withResult(rest, said) };
        return { record: withResult({ ...rest, repeat: running }, said), looks: [{ time: now(), run: number }] };
      });
      if (changed) await store.remove({ partition: historyOf(id), sort: runName(number - KEPT_RESULTS) });
      else if (written.ok) await removeHistory(id); // the job was removed meanwhile
    },
    async history({ id }) {
      const items = await store.list(historyOf(id), { limit: KEPT_RESULTS });
      return items.map(({ value }) => value as JobResult); // as finish wrote it
    },
    async remove(place) {
      const record = await get(place);
      if (!record) return false;
      await store.remove(keyOf(place));
      await removeHistory(record.id);
      if (record.next_available_at !== null) await due.forget(place, { time: Date.parse(record.next_available_at) });
      return true;
    },
    async *walk(container) {
      let after: string | undefined;
      for (;;) {
        const items = await store.list(partitionOf(container), { after, limit: PAGE });
        for (const { value } of items) yield value as JobRecord; // as change wrote it
        if (items.length < PAGE) return;
        after = items.at(-1)?.sort;
      }
    },
  };
}

/** A run that ends its server each time must not do so for ever. */
function mayRepeat({ repeat_interrupted }: JobRecord, { attempt }: RunningRun): boolean {
  return repeat_interrupted && attempt < MAX_RUNS_OF_ONE_TIME;
}

function partitionOf(container: string): string {
  return `cron/${container}`;
}

function keyOf({ container, name }: Place): Key {
  return { partition: partitionOf(container), sort: name };
}

function historyOf(id: string): string {
  return `cron-history/${id}`;
}

/** The later a run, the earlier its name, so that the newest come first. */
function runName(number: number): string {
  return String(1e12 - number).padStart(13, '0');
}
