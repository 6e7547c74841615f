import { fail } from '../../errors.ts';
import { parseToken } from '../../token/index.ts';
import type { Registry } from '../registry/registry.ts';
import { describeJob, type JobDescription } from './describe-job.ts';
import { type FireParts, fireJob } from './fire.ts';
import type { Job, JobChange, JobResult, JobState, Place } from './job.ts';
import type { JobListOptions, JobRun, Jobs, PageOptions } from './jobs.ts';
import { createScheduler, type Scheduler, type SchedulerParts } from './scheduler.ts';

/** What cron works with. */
export interface CronParts extends FireParts, Pick<SchedulerParts, 'setTimer' | 'onError'> {
  readonly jobs: Jobs;
  readonly registry: Pick<Registry, 'getNamed'>;
  /** The public base of URLs, without a slash at the end. */
  readonly baseUrl: () => string;
}

/** The cron jobs of a server. All of it that asks for one job throws CRON_UNKNOWN where it is not there. */
export interface Cron extends Pick<Scheduler, 'start' | 'stop'> {
  /**
   * Creates or changes a job of a webtask.
   *
   * @param token - where a client sends one: it must be of the webtask; the job runs by the current one anyway
   * @throws WEBTASK_UNKNOWN, CRON_TOKEN_OTHER, and what {@link Jobs.put} throws
   */
  put(place: Place, change: JobChange, token?: string): Promise<JobDescription>;
  get(place: Place): Promise<JobDescription>;
  list(container: string, options: JobListOptions): Promise<JobDescription[]>;
  setState(place: Place, state: JobState): Promise<JobDescription>;
  /** Newest first. */
  history(place: Place, page: PageOptions): Promise<JobResult[]>;
  /** Runs a job now, whatever its schedule and state. */
  run(place: Place): Promise<JobResult>;
  remove(place: Place): Promise<void>;
  /** Removes the job of a webtask that is deleted, where it has one. */
  removeOf(place: Place): Promise<void>;
}

/**
 * Makes the cron of a server.
 *
 * @see protocol reference 6.1, 6.5
 */
export function createCron(parts: CronParts): Cron {
  const { jobs, registry, baseUrl } = parts;

  async function tokenOf({ container, name }: Place): Promise<string | undefined> {
    return (await registry.getNamed(container, name))?.token;
  }

  async function describe(job: Job): Promise<JobDescription> {
    return describeJob(job, await tokenOf(job), baseUrl());
  }

  // The token is read for each run: an update of the webtask brings a new one.
  const fire = async ({ job, scheduledAt }: JobRun): Promise<JobResult> =>
    fireJob(await describe(job), scheduledAt, parts);
  const scheduler = createScheduler({ ...parts, fire });

  return {
    start: scheduler.start,
    stop: scheduler.stop,
    async put(place, change, sent) {
      const token = (await tokenOf(place)) ?? fail('WEBTASK_UNKNOWN', { ...place });
      if (sent !== undefined) checkToken(sent, place);
      const { nbf, exp } = parseToken(token).claims;
      const job = await jobs.put(place, change, { token, nbf, exp });
      return describeJob(job, token, baseUrl());
    },
    get: async (place) => describe((await jobs.get(place)) ?? unknown(place)),
    list: async (container, options) => Promise.all((await jobs.list(container, options)).map(describe)),
    async setState(place, state) {
      const token = await tokenOf(place);
      const { nbf, exp } = token === undefined ? {} : parseToken(token).claims;
      const job = (await jobs.setState(place, state, { nbf, exp })) ?? unknown(place);
      return describeJob(job, token, baseUrl());
    },
    history: async (place, page) => (await jobs.history(place, page)) ?? unknown(place),
    async run(place) {
      const run = (await jobs.begin(place)) ?? unknown(place);
      const result = await fire(run);
      await run.finish(result);
      return result;
    },
    async remove(place) {
      if (!(await jobs.remove(place))) unknown(place);
    },
    async removeOf(place) {
      await jobs.remove(place);
    },
  };
}

function unknown({ container, name }: Place): never {
  return fail('CRON_UNKNOWN', { container, name });
}

/** A job of another webtask, or of code without a name, would be run by a token that nobody updates. */
function checkToken(token: string, { name }: Place): void {
  let jtn: string | undefined;
  try {
    jtn = parseToken(token).claims.jtn;
  } catch (cause) {
    fail('CRON_TOKEN_OTHER', { name }, { cause });
  }
  if (jtn !== name) fail('CRON_TOKEN_OTHER', { name });
}
