export type { Cron } from './cron.ts';
export type { JobDescription } from './describe-job.ts';
export type { JobChange, JobResult, JobState, Place } from './job.ts';
export { openCron } from './open-cron.ts';
