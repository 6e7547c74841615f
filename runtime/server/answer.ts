import { type ServerResponse, STATUS_CODES } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { WebtaskError } from '../errors.ts';
import { platformFailure, type RunReply } from '../invoke/index.ts';

/** Headers of the one connection that a webtask has, which is not the caller's. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
  'te',
  'trailer',
]);

/**
 * Sends the answer of a webtask as it comes, as fast as the caller takes it.
 *
 * @see protocol reference 4.2, 4.3
 */
export async function sendReply(reply: RunReply, res: ServerResponse): Promise<void> {
  for (let i = 0; i < reply.rawHeaders.length; i += 2) {
    const name = reply.rawHeaders[i] ?? '';
    if (!HOP_BY_HOP.has(name.toLowerCase())) res.appendHeader(name, reply.rawHeaders[i + 1] ?? '');
  }
  res.setHeader('x-wt-response-source', reply.source);
  res.writeHead(reply.status, reply.statusMessage || STATUS_CODES[reply.status]);
  try {
    await pipeline(reply.body, res);
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
  res.end(body);
  return known;
}
