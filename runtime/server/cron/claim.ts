import type { JobResult, Place } from './job.ts';
import type { JobRecord, Records, RunningRun } from './records.ts';
import { nextTime } from './schedule.ts';

/** What becomes of times at which no server ran. */
export type Missed = 'skip' | 'once';

/** How runs are claimed. */
export interface ClaimRules {
  /** Milliseconds until a run without a result counts as interrupted. */
  readonly claimMs: number;
  readonly missed: Missed;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A run that is this server's to make. */
export interface Claim {
  readonly record: JobRecord;
  readonly run: RunningRun;
}

/** Up to so late a time is run and not missed: a server that is started again takes a while. */
export const ON_TIME_MS = 5 * 60_000;

/**
 * Looks at a job, and claims the run that is due, if one is.
 *
 * One conditional write is the claim: it says until when the run is under way, and sets the next time. Of all servers
 * that look at the job one gets to write it, and only that one runs it. A claim that has run out without a result is
 * recorded as interrupted before.
 *
 * @returns `undefined` where nothing is to be run here
 */
export async function claimRun(records: Records, place: Place, rules: ClaimRules): Promise<Claim | undefined> {
  let run: RunningRun | undefined;
  let interrupted: JobRecord | undefined;
  const record = await records.change(place, async (before) => {
    run = undefined;
    const time = rules.now();
    interrupted = before?.running && Date.parse(before.running.until) <= time ? before : undefined;
    if (interrupted) return undefined;
    if (before?.state !== 'active' || before.next_available_at === null) return undefined;
    const { repeat, ...rest } = before;
    const isDue = Date.parse(before.next_available_at) <= time;
    if (!isDue && !repeat) return undefined;
    const scheduled = isDue ? before.next_available_at : repeat?.scheduled_at;
    const due = scheduled === undefined ? time : Date.parse(scheduled);
    const next = isDue ? await nextTime(before.schedule, before.tz, time) : Date.parse(before.next_available_at);
    const looks = isDue && next !== undefined ? [{ time: next }] : [];
    const moved = { ...rest, next_available_at: next === undefined ? null : toIso(next) };
    const isMissed = isDue && rules.missed === 'skip' && time - due > ON_TIME_MS;
    // A job never runs beside itself.
    if (isMissed || before.running) return { record: moved, looks };
    run = {
      number: before.number + 1,
      attempt: isDue ? 1 : (repeat?.attempt ?? 0) + 1,
      scheduled_at: toIso(due),
      started_at: toIso(time),
      until: toIso(time + rules.claimMs),
    };
    const claimed = { ...moved, running: run, number: run.number, last_scheduled_at: run.scheduled_at };
    return { record: claimed, looks: [...looks, { time: time + rules.claimMs, run: run.number }] };
  });
  if (interrupted) {
    await settleInterrupted(records, interrupted, rules.now());
    return claimRun(records, place, rules);
  }
  return record && run && { record, run };
}

/** Records a run whose time has run out without a result: its server has ended, or cannot reach the store. */
async function settleInterrupted(records: Records, record: JobRecord, time: number): Promise<void> {
  const { running: run } = record;
  if (!run) return;
  const { scheduled_at, started_at } = run;
  const result: JobResult = {
    scheduled_at,
    started_at,
    completed_at: toIso(time),
    type: 'interrupted',
    headers: {},
    body: 'The server that ran the job never said how it ended.',
  };
  await records.finish(record, run, result);
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
