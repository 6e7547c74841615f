import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import { WebtaskError } from '../../errors.ts';
import { platformFailure, type RunReply } from '../../invoke/index.ts';
import { type OriginScope, runHeaders } from '../edge/run-headers.ts';
import { endTogether } from './end-together.ts';
import { streamBody } from './stream-body.ts';

/**
 * Sends the answer of a webtask: at once where it is whole, otherwise as it comes, as fast as the caller takes it.
 *
 * @param ours - what the server says of it, as names and values in turn
 * @param scope - says what its headers may reach, where it is not the only webtask
 * @returns nothing where all of it has been given to the system, or will be in this turn
 * @see protocol reference 4.2, 4.3
 */
export function sendReply(
  reply: RunReply,
  res: ServerResponse,
  ours: readonly string[] = [],
  scope?: () => OriginScope,
): Promise<void> | undefined {
  const length = lengthOf(reply.rawHeaders);
  const theirs = length === 'unbelievable' ? withoutLength(reply.rawHeaders) : reply.rawHeaders;
  const headers = runHeaders(ours, theirs, scope);
  headers.push('x-wt-response-source', reply.source);
  const { status, statusMessage, whole } = reply;
  res.writeHead(status, statusMessage || (STATUS_CODES[status] ?? ''), headers);
  const hasBody = res.req.method !== 'HEAD' && status !== 204 && status !== 304;
  if (whole && hasBody && length === whole.length) {
    // A text is joined with its head; each byte is a character.
    endTogether(res, whole.length <= MAX_JOINED_BYTES ? whole.toString('latin1') : whole);
    return undefined;
  }
  if (whole && (typeof length !== 'number' || !hasBody)) {
    res.end(whole);
    return undefined;
  }
  return sendPieces(reply.body, res, hasBody && typeof length === 'number' ? length : undefined);
}

async function sendPieces(body: Readable, res: ServerResponse, length: number | undefined): Promise<void> {
  // The body of an event stream may be long in coming.
  if (body.readableLength === 0) res.flushHeaders();
  try {
    await streamBody(body, res, length);
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
  res.setHeader('Referrer-Policy', 'no-referrer'); // a key may be in the URL
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('x-wt-response-source', source);
  if (typeof known.fields.retryAfter === 'number') res.setHeader('Retry-After', String(known.fields.retryAfter));
  res.end(body);
  return known;
}

/** Copying less than this costs less than a second piece to write. */
const MAX_JOINED_BYTES = 4096;

const LENGTH = 'content-length';

/** The length that a webtask says its body has, where it says one, and it can be believed. */
function lengthOf(rawHeaders: readonly string[]): number | 'unbelievable' | undefined {
  if (last?.rawHeaders !== rawHeaders) last = { rawHeaders, length: readLength(rawHeaders) };
  return last.length;
}

/** Whoever reads the same head again gives the same list. */
let last: { readonly rawHeaders: readonly string[]; readonly length: ReturnType<typeof readLength> } | undefined;

function readLength(rawHeaders: readonly string[]): number | 'unbelievable' | undefined {
  let said: number | 'unbelievable' | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!isLength(rawHeaders[i])) continue;
    const value = rawHeaders[i + 1] ?? '';
    said = said === undefined && /^\d{1,15}$/.test(value) ? Number(value) : 'unbelievable';
  }
  return said;
}

function withoutLength(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => !isLength(rawHeaders[i - (i % 2)]));
}

function isLength(name = ''): boolean {
  return name.length === LENGTH.length && name.toLowerCase() === LENGTH;
}
