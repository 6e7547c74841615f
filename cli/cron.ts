import { fail } from '../runtime/errors.ts';
import { runRemoteJob } from '../runtime/server/cron/run-remote.ts';
import { visible } from './visible.ts';

/** `webtask cron run`: has a server run a job now, prints the result, and ends with 3 where the run failed. */
export async function runJob(
  job: string,
  options: { container: string; json?: boolean; server: string; token?: string },
): Promise<void> {
  const { json, token } = options;
  const slash = job.lastIndexOf('/');
  const container = slash < 0 ? options.container : job.slice(0, slash);
  const name = job.slice(slash + 1);
  if (container === '' || name === '') fail('CRON_JOB_UNNAMED', { job });
  if (token === undefined) return fail('CRON_WITHOUT_TOKEN', { container, name });
  const server = options.server.replace(/\/+$/, '');
  const result = await runRemoteJob({ server, token, container, name });
  if (result.type !== 'success') process.exitCode = 3;
  if (json) {
    console.log(JSON.stringify(result, null, 2));
    return;
  }
  const { type, statusCode, started_at, completed_at, body } = result;
  const status = statusCode === undefined ? 'no answer' : `HTTP ${statusCode}`;
  const time = Date.parse(completed_at) - Date.parse(started_at);
  console.log(`${container}/${name}: ${type} with ${status} in ${time} ms`);
  if (body !== '') console.log(body.split('\n').map(visible).join('\n'));
}
