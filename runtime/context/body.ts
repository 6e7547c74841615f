import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';
import { fail } from '../errors.ts';

/** A request's body after it was read. */
export interface ParsedBody {
  /** `undefined` where the type is not one of the two, or the JSON is malformed. */
  readonly body: unknown;
  /** The text; `undefined` where the request has no body. */
  readonly raw: string | undefined;
}

/**
 * Reads the body of a request and parses JSON and forms. Malformed JSON is not an error: the webtask finds the text.
 *
 * @param maxBytes - largest body that is read
 * @throws BODY_TOO_LARGE
 * @see protocol reference 3.5
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<ParsedBody> {
  const { headers } = req;
  if (!saysBody(headers)) return NO_BODY;
  const raw = await readText(req, maxBytes);
  return { body: parseBody(raw, headers['content-type'] ?? ''), raw };
}

/**
 * Parses a body that is all there, as {@link readBody} does one that comes.
 *
 * @param bytes - the body; empty where there is none
 * @throws BODY_TOO_LARGE
 */
export function readWholeBody(headers: IncomingHttpHeaders, bytes: Buffer | string, maxBytes: number): ParsedBody {
  if (!saysBody(headers)) return NO_BODY;
  if (Buffer.byteLength(bytes) > maxBytes) fail('BODY_TOO_LARGE', { maxBytes });
  const raw = bytes.toString();
  return { body: parseBody(raw, headers['content-type'] ?? ''), raw };
}

const NO_BODY: ParsedBody = { body: undefined, raw: undefined };

function saysBody(headers: IncomingHttpHeaders): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

async function readText(req: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed when too large: the connection still has to carry the answer.
  const stream: AsyncIterable<Buffer> = req.iterator({ destroyOnReturn: false });
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) break;
    chunks.push(chunk);
  }
  if (size > maxBytes) {
    req.resume(); // the rest is read and dropped: a caller may take the answer only when all is sent
    fail('BODY_TOO_LARGE', { maxBytes });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Parses JSON and forms; gives `undefined` for every other type, and for malformed JSON. */
export function parseBody(text: string, contentType: string): unknown {
  const type = contentType.toLowerCase();
  if (type.includes('application/x-www-form-urlencoded')) return { ...parse(text) };
  if (!type.includes('application/json')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
