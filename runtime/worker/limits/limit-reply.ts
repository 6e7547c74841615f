import { fail } from '../../errors.ts';
import type { Limits } from './limits.ts';

/** How names and values are put together in a message. */
const SEPARATORS = ': \r\n'.length;

/**
 * Refuses the head of an answer that is larger than answers may be, or says that its body will be.
 *
 * @param rawHeaders - names and values in turn
 * @throws RUN_HEADERS_TOO_LARGE, RUN_REPLY_TOO_LARGE
 */
export function limitHead(webtask: string, rawHeaders: readonly string[], limits: Limits): void {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  bytes += (rawHeaders.length / 2) * SEPARATORS;
  const maxBytes = limits.replyHeaderBytes;
  if (bytes > maxBytes) fail('RUN_HEADERS_TOO_LARGE', { webtask, bytes, maxBytes });
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length === LENGTH.length && rawHeaders[i]?.toLowerCase() === LENGTH) {
      limitBody(webtask, Number(rawHeaders[i + 1]), limits);
    }
  }
}

/**
 * Refuses a body that is larger than answers may be.
 *
 * @throws RUN_REPLY_TOO_LARGE
 */
export function limitBody(webtask: string, bytes: number, { replyBytes }: Limits): void {
  if (bytes > replyBytes) fail('RUN_REPLY_TOO_LARGE', { webtask, maxBytes: replyBytes });
}

const LENGTH = 'content-length';
