import { type ServerResponse, STATUS_CODES } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { WebtaskError } from '../../errors.ts';
import { platformFailure, type RunReply } from '../../invoke/index.ts';
import { type Headers, toPairs, valuesOf } from '../edge/headers.ts';
import { type OriginScope, setRunHeaders } from '../edge/run-headers.ts';

/**
 * Sends the answer of a webtask as it comes, as fast as the caller takes it.
 *
 * @param scope - what its headers may reach, where it is not the only webtask
 * @see protocol reference 4.2, 4.3
 */
export async function sendReply(reply: RunReply, res: ServerResponse, scope?: OriginScope): Promise<void> {
  const headers = toPairs(reply.rawHeaders);
  const length = lengthOf(headers);
  setRunHeaders(length === undefined ? headers.filter(([name]) => name.toLowerCase() !== LENGTH) : headers, res, scope);
  res.setHeader('x-wt-response-source', reply.source);
  res.writeHead(reply.status, reply.statusMessage || STATUS_CODES[reply.status]);
  // The body of an event stream may be long in coming.
  if (reply.body.readableLength === 0) res.flushHeaders();
  try {
    const { body } = reply;
    const hasBody = res.req.method !== 'HEAD' && reply.status !== 204 && reply.status !== 304;
    if (length === undefined || !hasBody) await pipeline(body, res);
    else await pipeline(body, (chunks: AsyncIterable<Buffer>) => ofLength(chunks, length), res);
  } catch {
    res.destroy(); // cut off on either side: what was sent must not look whole
  }
}

/**
 * Answers with an error of the platform.
 *
 * @returns the error as it was understood: anything unforeseen is INTERNAL
 * @see protocol reference 4.4
 */
export function sendError(error: unknown, requestId: string, res: ServerResponse): WebtaskError {
  const known = error instanceof WebtaskError ? error : new WebtaskError('INTERNAL', {}, { cause: error });
  if (res.headersSent) {
    res.destroy();
    return known;
  }
  const { status, source, body } = platformFailure(known, requestId);
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('x-wt-response-source', source);
  if (typeof known.fields.retryAfter === 'number') res.setHeader('Retry-After', String(known.fields.retryAfter));
  res.end(body);
  return known;
}

const LENGTH = 'content-length';

/** The length that a webtask says its body has, where it says one that can be believed. */
function lengthOf(headers: Headers): number | undefined {
  const said = valuesOf(headers, LENGTH);
  return said.length === 1 && /^\d{1,15}$/.test(said[0] ?? '') ? Number(said[0]) : undefined;
}

/** Lets no more and no less through than was said: what is too much would be read as the next answer. */
async function* ofLength(body: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const chunk of body) {
    sent += chunk.length;
    if (sent > length) break;
    yield chunk;
  }
  if (sent !== length) throw new Error(`the body has another length than ${length}`);
}
