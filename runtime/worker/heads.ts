import { fail } from '../errors.ts';
import type { ReplyHead, RunHead } from './messages.ts';

/**
 * The heads of requests and answers are lines, since nothing in them has a line end and each run has both: as JSON they
 * would take five times as long to write and to read.
 */

/**
 * Writes the head of a request.
 *
 * @throws WORKER_FRAME_INVALID where something has a line end, which Node's parser lets through nowhere
 */
export function writeRunHead(head: RunHead): string {
  const { of, method, url, rawHeaders, address = '', onlyIfItWritesHeaders, urlFormat, requestId, tellsUsage } = head;
  const flags = (onlyIfItWritesHeaders ? 1 : 0) + (tellsUsage ? 2 : 0);
  let text = `${of}\n${flags}\n${urlFormat}\n${requestId}\n${address}\n${method}\n${url}`;
  for (const it of rawHeaders) text += `\n${it.includes('\n') ? hasLineEnd() : it}`;
  return url.includes('\n') ? hasLineEnd() : text;
}

function hasLineEnd(): never {
  return fail('WORKER_FRAME_INVALID', { reason: 'the head of a request has a line end' });
}

/** Reads the head of a request, which the server wrote. */
export function readRunHead(text: string): RunHead {
  const lines = text.split('\n');
  // By their names: a webtask may have replaced what arrays are gone through with.
  const { 0: of, 1: flags, 2: urlFormat, 3: requestId = '', 4: address = '', 5: method = '', 6: url = '' } = lines;
  return {
    of: Number(of),
    onlyIfItWritesHeaders: (Number(flags) & 1) === 1,
    tellsUsage: (Number(flags) & 2) === 2,
    urlFormat: Number(urlFormat) as RunHead['urlFormat'], // as it was written
    requestId,
    address: address === '' ? undefined : address,
    method,
    url,
    rawHeaders: lines.slice(7),
  };
}

/** Writes the head of an answer. Whether it is one is for the server to say. */
export function writeReplyHead({ status, statusMessage, rawHeaders, source, failed }: ReplyHead): string {
  let text = `${status}\n${failed ? 1 : 0}\n${source}\n${statusMessage}`;
  // Not by `of`, which a webtask may have replaced.
  for (let i = 0; i < rawHeaders.length; i++) text += `\n${rawHeaders[i]}`;
  return text;
}

/**
 * Makes the reader of heads of answers that a worker sends. Most are the same as the one before, and are read once.
 *
 * @returns a function, which throws WORKER_FRAME_INVALID where a text is not what a head of HTTP can be
 */
export function createReplyHeadReader(): (text: string) => ReplyHead {
  let lastText: string | undefined;
  let last: ReplyHead | undefined;
  return (text) => {
    if (text === lastText && last) return last;
    last = readReplyHead(text);
    lastText = text;
    return last;
  };
}

function readReplyHead(text: string): ReplyHead {
  const lines = text.split('\n');
  const [status = '', failed, source, statusMessage] = lines;
  if (statusMessage === undefined || lines.length % 2 !== 0 || !STATUS.test(status) || !VALUE.test(statusMessage)) {
    return isNone();
  }
  const rawHeaders = lines.slice(4);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!NAME.test(rawHeaders[i] ?? '') || !VALUE.test(rawHeaders[i + 1] ?? '')) return isNone();
  }
  return {
    status: Number(status),
    statusMessage,
    rawHeaders,
    source: source === 'compiler' || source === 'proxy' ? source : 'webtask',
    failed: failed === '1',
  };
}

function isNone(): never {
  return fail('WORKER_FRAME_INVALID', { reason: 'the head of an answer is none' });
}

const STATUS = /^[2-9]\d\d$/;
/** RFC 9110 section 5.1 and 5.5, as Node lets through. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const VALUE = /^[^\x00-\x08\x0a-\x1f\x7f\u0100-\uffff]*$/;
