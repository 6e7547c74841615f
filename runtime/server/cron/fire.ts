import type { IncomingMessage, ServerResponse } from 'node:http';
import { maskRecord } from '../../context/index.ts';
import { type ExchangeReply, openExchange } from '../../invoke/http/index.ts';
import type { RunTarget } from '../run/request.ts';
import type { JobDescription } from './describe-job.ts';
import type { JobResult } from './job.ts';

/** What a job is run with. */
export interface FireParts {
  /** The server's own run path. */
  readonly run: (target: RunTarget, req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** The secrets of a token, which a result must not show. */
  readonly secretsOf: (token: string) => Promise<Readonly<Record<string, string>>>;
  /** Milliseconds for the whole answer. */
  readonly limitMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What is kept of an answer. */
const MAX_BODY_BYTES = 8 * 1024;
/** What is looked at: a secret that is cut in two would not be found. */
const MAX_READ_BYTES = 64 * 1024;
const MAX_HEADER_CHARACTERS = 4 * 1024;

/**
 * Runs the webtask of a job: a POST of the job, with the webtask's own token as the bearer, through the server's run
 * path. It always comes to a result.
 *
 * @param job - described with the token that the webtask has now
 * @param scheduledAt - in ISO 8601
 * @see protocol reference 6.5
 */
export async function fireJob(job: JobDescription, scheduledAt: string, parts: FireParts): Promise<JobResult> {
  const { container, name, token, cluster_url } = job;
  const started = parts.now();
  const body = JSON.stringify(job);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), parts.limitMs);
  const exchange = openExchange({
    method: 'POST',
    url: `/api/run/${encodeURIComponent(container)}/${encodeURIComponent(name)}`,
    rawHeaders: [
      ...['Host', new URL(cluster_url).host],
      ...['Content-Type', 'application/json'],
      ...['Content-Length', String(Buffer.byteLength(body))],
      ...(token === undefined ? [] : ['Authorization', `Bearer ${token}`]),
    ],
    body,
    signal: limit.signal,
  });
  try {
    parts.run({ container, name, urlFormat: 1 }, exchange.req, exchange.res).catch(() => exchange.close());
    const answer = await exchange.reply;
    const { text, isWhole } = answer ? await readStart(answer) : { text: '', isWhole: false };
    const mask = maskRecord(token === undefined ? {} : await parts.secretsOf(token));
    const status = answer?.status;
    return {
      scheduled_at: scheduledAt,
      started_at: new Date(started).toISOString(),
      completed_at: new Date(parts.now()).toISOString(),
      type: isWhole && status !== undefined && status >= 200 && status < 300 ? 'success' : 'error',
      statusCode: status,
      headers: answer ? headersOf(answer.rawHeaders, mask) : {},
      body: answer ? cut(mask(text)) : `There was no answer within ${parts.limitMs} ms.`,
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Reads an answer to its end, or as far as it comes, and keeps its beginning. */
async function readStart({ body }: ExchangeReply): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let isWhole = true;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (size < MAX_READ_BYTES) chunks.push(chunk);
      size += chunk.length;
    }
  } catch {
    isWhole = false; // what there is of it says more than nothing
  }
  return { text: Buffer.concat(chunks).subarray(0, MAX_READ_BYTES).toString('utf8'), isWhole };
}

function cut(text: string): string {
  return Buffer.from(text)
    .subarray(0, MAX_BODY_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}

/** By their names in lower case, as far as there is room. */
function headersOf(rawHeaders: readonly string[], mask: (text: string) => string): Record<string, string> {
  const headers: Record<string, string> = {};
  let size = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = mask(rawHeaders[i + 1] ?? '');
    size += name.length + value.length;
    if (size > MAX_HEADER_CHARACTERS) break;
    Object.defineProperty(headers, name, {
      value: Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value,
      enumerable: true,
      configurable: true,
    });
  }
  return headers;
}
