import { fail, WebtaskError } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import { type KeySet, openSeal, parseToken } from '../../token/index.ts';
import { readQuotas } from '../quotas/index.ts';
import type { Missed } from './claim.ts';
import { type Cron, type CronParts, createCron } from './cron.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { createJobsWebtask } from './jobs-webtask.ts';

/** What cron is opened with. */
export interface CronOptions extends Pick<CronParts, 'registry' | 'run' | 'baseUrl'> {
  readonly keys: KeySet;
  readonly openStore: () => Promise<Store>;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds until a webtask without an answer is cut off; 0 for never. */
  readonly limitMs: number;
  /** Is told of errors that are the platform's. */
  readonly onError: (error: WebtaskError) => void;
}

/** What a run has beyond the limit of its webtask, for the rest of its answer. */
const REST_OF_ANSWER_MS = 5_000;
/** What a result has until it is in the store, before its run counts as interrupted. */
const SLACK_MS = 10_000;
/** Where webtasks have no limit, jobs have one. */
const LONGEST_MS = 10 * 60_000;

/**
 * Opens the cron of a server: its jobs are in the store, or in the webtask that `WEBTASK_CRON_URL` names.
 *
 * @throws SETTING_INVALID
 */
export function openCron(options: CronOptions): Cron {
  const { env } = options;
  const limitMs = (options.limitMs || LONGEST_MS) + REST_OF_ANSWER_MS;
  const rules = { claimMs: limitMs + SLACK_MS, missed: readMissed(env), now: Date.now };
  return createCron({
    ...options,
    jobs: openJobs(options.openStore, env, { ...rules, maxPerContainer: readQuotas(env).cronJobs }),
    secretsOf: (token) => secretsOf(token, options.keys),
    limitMs,
    now: Date.now,
    setTimer(call, ms) {
      const timer = setTimeout(call, ms).unref();
      return () => clearTimeout(timer);
    },
    onError: (error) =>
      options.onError(error instanceof WebtaskError ? error : new WebtaskError('INTERNAL', {}, { cause: error })),
  });
}

function openJobs(
  openStore: () => Promise<Store>,
  env: NodeJS.ProcessEnv,
  options: Parameters<typeof createJobs>[1],
): Jobs {
  const { WEBTASK_CRON_URL: url } = env;
  if (!url) return createJobs(openStore, options);
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    return fail('SETTING_INVALID', { setting: 'WEBTASK_CRON_URL', reason: 'it is no http or https URL' });
  }
  return createJobsWebtask(url, options);
}

/** Whatever else is wrong with a token: where its seal does not open, its webtask has not got the secrets either. */
async function secretsOf(token: string, keys: KeySet): Promise<Readonly<Record<string, string>>> {
  const { claims } = parseToken(token);
  return claims.ectx === undefined ? {} : openSeal(claims.ectx, claims, keys).catch(() => ({}));
}

function readMissed({ WEBTASK_CRON_MISSED: missed = 'skip' }: NodeJS.ProcessEnv): Missed {
  if (missed === 'skip' || missed === 'once') return missed;
  return fail('SETTING_INVALID', { setting: 'WEBTASK_CRON_MISSED', reason: 'it is neither skip nor once' });
}
