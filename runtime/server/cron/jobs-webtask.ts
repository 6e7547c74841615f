import { fail } from '../../errors.ts';
import { type ClaimRules, ON_TIME_MS } from './claim.ts';
import type { Job, JobResult, Place } from './job.ts';
import type { JobRun, Jobs } from './jobs.ts';
import { createJobsClient, readJob, readResults } from './jobs-client.ts';
import { nextTime, nextValidTime } from './schedule.ts';

/** As many as one question can claim. */
const MAX_RESERVED = 20;
/** The most that one answer lists. */
const PAGE = 20;

/**
 * Makes the jobs that a webtask keeps, by the contract of the original cron store.
 *
 * It hands out a job that is due to one caller until a time. Before it is run here its next time is set, so that a
 * server that ends in between does not run it a second time; what was interrupted is not recorded there.
 *
 * @param url - of the webtask, which has a name, with its `key` where it asks for one
 * @see protocol reference 1.5
 */
export function createJobsWebtask(url: string, { claimMs, missed, now }: ClaimRules): Jobs {
  const call = createJobsClient(url);

  async function get(place: Place): Promise<Job | undefined> {
    const { status, json } = await call('GET', pathOf(place));
    return status === 404 ? undefined : readJob(json);
  }

  /** Changes a job where it still is what was read. Says whether it was. */
  async function update(job: Job, updates: object): Promise<boolean> {
    const criteria = { schedule: job.schedule, state: job.state };
    return (await call('POST', pathOf(job), { criteria, updates })).status !== 404;
  }

  /** A job that was at rest does not run for the times that came meanwhile. */
  async function revive(job: Job): Promise<void> {
    if (job.state !== 'inactive' || (job.next_available_at !== null && Date.parse(job.next_available_at) > now()))
      return;
    const next = await nextTime(job.schedule, job.tz, now());
    if (next !== undefined) await update(job, { next_available_at: toDate(next) });
  }

  async function* walk(container: string): AsyncGenerator<Job> {
    for (let offset = 0; ; offset += PAGE) {
      const { json } = await call('GET', [container], undefined, { offset, limit: PAGE });
      const jobs = Array.isArray(json) ? json.map(readJob) : unreadable();
      yield* jobs;
      if (jobs.length < PAGE) return;
    }
  }

  async function addResult(place: Place, result: JobResult): Promise<void> {
    await call('POST', [...pathOf(place), 'history'], result); // 404 where it was removed meanwhile
  }

  /** Has a job that was handed out come next at its next time. Gives the run, where there is one. */
  async function toRun(job: Job): Promise<JobRun | undefined> {
    const time = now();
    const next = await nextTime(job.schedule, job.tz, time);
    const said = job.next_available_at === null ? Number.NaN : Date.parse(job.next_available_at);
    // Some give the job as it was, some as it is with the time that it is handed out until.
    const scheduled = said <= time ? said : time - (time % 60_000);
    const moved = await update(job, {
      next_available_at: next === undefined ? null : toDate(next),
      last_scheduled_at: toDate(scheduled),
    });
    if (!moved || (missed === 'skip' && time - scheduled > ON_TIME_MS)) return undefined;
    return { job, scheduledAt: new Date(scheduled).toISOString(), finish: (result) => addResult(job, result) };
  }

  return {
    async put(place, change, { token, nbf, exp }) {
      const before = await get(place);
      const { schedule, tz = before?.tz ?? 'UTC', state = before?.state ?? 'active' } = change;
      const { meta = before?.meta ?? {}, repeat_interrupted = false } = change;
      const next = await nextValidTime(schedule, tz, now(), { nbf, exp });
      if (before && state === 'active') await revive(before);
      // It may know neither time zones nor metadata, and then leaves both out.
      const { json } = await call('PUT', pathOf(place), { schedule, token, state, tz, meta, repeat_interrupted });
      const job = readJob(json);
      if (job.tz === tz && Object.keys(meta).every((name) => job.meta[name] === meta[name])) return job;
      if (!(await update(job, { tz, meta, next_available_at: toDate(next) }))) fail('CRON_UNKNOWN', { ...place });
      return { ...job, tz, meta, next_available_at: new Date(next).toISOString() };
    },
    get,
    async list(container, { offset, limit, meta }) {
      const found: Job[] = [];
      let toSkip = offset;
      if (limit === 0) return found;
      for await (const job of walk(container)) {
        if (!meta.every(([key, value]) => Object.hasOwn(job.meta, key) && job.meta[key] === value)) continue;
        if (toSkip-- > 0) continue;
        found.push(job);
        if (found.length === limit) break;
      }
      return found;
    },
    async setState(place, state) {
      const before = await get(place);
      if (before && state === 'active') await revive(before);
      const { status, json } = await call('PUT', [...pathOf(place), 'state'], { state });
      return status === 404 ? undefined : readJob(json);
    },
    async remove(place) {
      return (await call('DELETE', pathOf(place))).status !== 404;
    },
    async history(place, { offset, limit }) {
      const results: JobResult[] = [];
      // What one answer holds is less than what may be asked for here.
      while (results.length < limit) {
        const page = { offset: offset + results.length, limit: Math.min(limit - results.length, PAGE) };
        const { status, json } = await call('GET', [...pathOf(place), 'history'], undefined, page);
        if (status === 404) return undefined;
        const found = readResults(json);
        results.push(...found);
        if (found.length < page.limit) break;
      }
      return results;
    },
    async begin(place) {
      const job = await get(place);
      const scheduledAt = new Date(now()).toISOString();
      return job && { job, scheduledAt, finish: (result) => addResult(place, result) };
    },
    async *takeDue(onError) {
      for (;;) {
        const time = now();
        const { json } = await call('POST', ['reserve'], {
          count: MAX_RESERVED,
          expiry: new Date(time + claimMs).toISOString(),
          now: new Date(time).toISOString(),
        });
        const reserved = Array.isArray(json) ? json : unreadable();
        for (const it of reserved) {
          try {
            const run = await toRun(readJob(it));
            if (run) yield run;
          } catch (error) {
            onError(error);
          }
        }
        if (reserved.length < MAX_RESERVED) return;
      }
    },
  };
}

function pathOf({ container, name }: Place): string[] {
  return [container, name];
}

/** As the original store takes a date, whatever it would take a text for. */
function toDate(time: number): { readonly $date: string } {
  return { $date: new Date(time).toISOString() };
}

function unreadable(): never {
  return fail('CRON_STORE_UNANSWERED', { reason: 'it answered with something else than a list' });
}
