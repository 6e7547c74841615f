import { fail, WebtaskError } from '../../errors.ts';
import type { Job, JobResult } from './job.ts';

/** An answer of the webtask that keeps jobs: 404 or any of 2xx. */
export interface JobsAnswer {
  readonly status: number;
  readonly json: unknown;
}

/** Calls a route of the webtask that keeps jobs: the parts of its path, then its body and its query. */
export type JobsClient = (
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: readonly string[],
  body?: object,
  query?: Readonly<Record<string, number>>,
) => Promise<JobsAnswer>;

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Makes the client of a webtask that keeps cron jobs.
 *
 * @param url - a `key` in its query is sent there, and as the bearer, which is what bearer-auth-middleware looks at
 * @returns a function that throws CRON_STORE_UNANSWERED where there is no clear answer, and CRON_STORE_REFUSED where
 *   the job is not good
 */
export function createJobsClient(url: string): JobsClient {
  return async (method, path, body, query = {}) => {
    const address = new URL(url);
    address.pathname = [address.pathname.replace(/\/$/, ''), ...path.map(encodeURIComponent)].join('/');
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value));
    const key = address.searchParams.get('key');
    let answer: JobsAnswer;
    try {
      const response = await fetch(address, {
        method,
        redirect: 'error', // who redirects, sends an answer from elsewhere
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...(key !== null && { Authorization: `Bearer ${key}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      answer = { status: response.status, json: await readJson(response) };
    } catch (cause) {
      if (cause instanceof WebtaskError) throw cause;
      const isLate = cause instanceof Error && cause.name === 'TimeoutError';
      const reason = isLate ? `it did not answer within ${TIMEOUT_MS} ms` : 'it cannot be reached';
      return fail('CRON_STORE_UNANSWERED', { reason }, { cause });
    }
    const { status, json } = answer;
    if (status === 400) fail('CRON_STORE_REFUSED', { reason: messageOf(json) });
    // A 404 that is not its own would say of every job that there is none.
    const isKnown = (status >= 200 && status < 300) || (status === 404 && isBoom(json));
    return isKnown ? answer : fail('CRON_STORE_UNANSWERED', { reason: `${method} was answered with ${status}` });
  };
}

/**
 * Reads a job as the webtask gave it. What it does not know of is as in a new job.
 *
 * @throws CRON_STORE_UNANSWERED
 */
export function readJob(json: unknown): Job {
  const given = (typeof json === 'object' && json !== null ? json : {}) as { readonly [name: string]: unknown };
  const { container, name, schedule, state } = given;
  if (typeof container !== 'string' || typeof name !== 'string' || typeof schedule !== 'string') return noJob();
  if (state !== 'active' && state !== 'inactive') return noJob();
  return {
    container,
    name,
    state,
    schedule,
    tz: typeof given.tz === 'string' ? given.tz : 'UTC',
    meta: readMeta(given.meta),
    repeat_interrupted: false, // it does not say what was interrupted
    created_at: readDate(given.created_at) ?? new Date(0).toISOString(),
    results: Array.isArray(given.results) ? readResults(given.results) : [],
    run_count: Number(given.run_count ?? 0),
    error_count: Number(given.error_count ?? 0),
    next_available_at: readDate(given.next_available_at),
    last_scheduled_at: readDate(given.last_scheduled_at),
  };
}

/**
 * Reads results as the webtask gave them.
 *
 * @throws CRON_STORE_UNANSWERED
 */
export function readResults(json: unknown): JobResult[] {
  if (!Array.isArray(json)) fail('CRON_STORE_UNANSWERED', { reason: 'it answered with something else than a list' });
  return json.map((it: JobResult) => ({
    ...it, // as this server, or the original one, had it kept
    scheduled_at: readDate(it.scheduled_at) ?? '',
    started_at: readDate(it.started_at) ?? '',
    completed_at: readDate(it.completed_at) ?? '',
  }));
}

function readMeta(meta: unknown): Record<string, string> {
  if (typeof meta !== 'object' || meta === null) return {};
  return Object.fromEntries(Object.entries(meta).map(([name, value]) => [name, String(value)]));
}

/** A date of MongoDB, or any other. */
function readDate(value: unknown): string | null {
  const date = typeof value === 'object' && value !== null ? (value as { $date?: unknown }).$date : value;
  if (typeof date !== 'string' && typeof date !== 'number') return null;
  const time = new Date(date);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

function noJob(): never {
  return fail('CRON_STORE_UNANSWERED', { reason: 'it answered with something else than a job' });
}

/** How it words its errors. */
function isBoom(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'statusCode' in json;
}

function messageOf(json: unknown): string {
  const message = isBoom(json) ? (json as { message?: unknown }).message : undefined;
  return typeof message === 'string' ? message : 'it is not good';
}

async function readJson({ body, status }: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      fail('CRON_STORE_UNANSWERED', { reason: `its answer has more than ${MAX_ANSWER_BYTES} bytes` });
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail('CRON_STORE_UNANSWERED', { reason: `its answer of ${status} is no JSON` }, { cause });
  }
}
