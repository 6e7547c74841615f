import { fail } from '../../errors.ts';

/** What each container may have; 0 for as much as it wants. */
export interface QuotaSettings {
  readonly webtasks: number;
  readonly codeBytes: number;
  readonly storageBytes: number;
  /** Streams of its logs that are open on one server. */
  readonly logStreams: number;
  readonly cronJobs: number;
}

/** The variable of each quota. */
export const QUOTA_VARIABLES = {
  webtasks: 'WEBTASK_QUOTA_WEBTASKS',
  codeBytes: 'WEBTASK_QUOTA_CODE_BYTES',
  storageBytes: 'WEBTASK_QUOTA_STORAGE_BYTES',
  logStreams: 'WEBTASK_QUOTA_LOG_STREAMS',
  cronJobs: 'WEBTASK_QUOTA_CRON_JOBS',
} as const satisfies Record<keyof QuotaSettings, string>;

const DEFAULTS: QuotaSettings = {
  webtasks: 1000,
  codeBytes: 100 * 1024 * 1024,
  storageBytes: 100 * 1024 * 1024,
  logStreams: 20,
  cronJobs: 100,
};

/**
 * Reads what containers may have.
 *
 * @throws SETTING_INVALID
 */
export function readQuotas(env: NodeJS.ProcessEnv): QuotaSettings {
  const read = (name: keyof QuotaSettings): number => {
    const setting = QUOTA_VARIABLES[name];
    const text = env[setting];
    if (!text) return DEFAULTS[name];
    if (!/^\d{1,15}$/.test(text)) fail('SETTING_INVALID', { setting, reason: 'it is no whole number' });
    return Number(text);
  };
  return {
    webtasks: read('webtasks'),
    codeBytes: read('codeBytes'),
    storageBytes: read('storageBytes'),
    logStreams: read('logStreams'),
    cronJobs: read('cronJobs'),
  };
}
