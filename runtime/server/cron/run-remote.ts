import { fail } from '../../errors.ts';
import type { JobResult, Place } from './job.ts';

/** Which job is run on which server. */
export interface RemoteRun extends Place {
  /** The server's base, without a slash at the end. */
  readonly server: string;
  readonly token: string;
}

/**
 * Has a server run a cron job now.
 *
 * @throws CRON_RUN_REFUSED, CRON_RUN_UNREACHABLE
 */
export async function runRemoteJob({ server, token, container, name }: RemoteRun): Promise<JobResult> {
  const url = `${server}/api/cron/${encodeURIComponent(container)}/${encodeURIComponent(name)}/run`;
  const headers = { Authorization: `Bearer ${token}` };
  const unreachable = (reason: string, cause?: unknown): never =>
    fail('CRON_RUN_UNREACHABLE', { container, name, server, reason }, { cause });
  const answer = await fetch(url, { method: 'POST', headers }).catch((error: Error) =>
    unreachable(reasonOf(error), error),
  );
  const json = (await answer.json().catch(() => ({}))) as Partial<JobResult> & { message?: unknown };
  if (answer.ok && json.type !== undefined) return json as JobResult; // as the route answers
  const reason = typeof json.message === 'string' ? json.message : `it answered ${answer.status}, and no result`;
  if (answer.status < 400 || answer.status >= 500) return unreachable(reason);
  return fail('CRON_RUN_REFUSED', { container, name, server, reason });
}

/** Node says `fetch failed`, and the cause why. */
function reasonOf({ message, cause }: Error): string {
  const { message: why, code } = (cause ?? {}) as Partial<NodeJS.ErrnoException>; // of several addresses, the code alone
  return why || code || message;
}
