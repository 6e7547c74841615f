import { validateHeaderValue } from 'node:http';
import type { WebtaskError } from '../errors.ts';

/** What a failed run says to its caller. */
export interface FailureReply {
  readonly status: number;
  readonly source: 'webtask' | 'compiler' | 'proxy';
  /** Of the error that was returned, beside those of the body. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** What went wrong in the webtask's own code, in the words of the original. */
const WORDS = {
  returned: { status: 400, error: 'Script returned an error.' },
  serializing: { status: 400, error: 'Error when JSON serializing the result of the JavaScript code.' },
  threw: { status: 500, error: 'Script generated an unhandled synchronous exception.' },
  uncaught: { status: 500, error: 'Script generated an unhandled asynchronous exception.' },
} as const;

/** How the message of every error begins that kept code from becoming a function. */
const COMPILATION_FAILED = 'Compilation failed: ';

/**
 * Describes an error that the code of a webtask made.
 *
 * @param how - `returned` to the callback (or as a rejected promise), thrown, uncaught, or met in its result
 * @see protocol reference 4.1
 */
export function webtaskFailure(how: keyof typeof WORDS, cause: unknown): FailureReply {
  const words = WORDS[how];
  const status = (how === 'returned' && statusCodeOf(cause)) || words.status;
  const { name, message, stack } = cause instanceof Error ? cause : {};
  const body = { code: status, error: words.error, details: textOf(cause), name, message, stack };
  const headers = how === 'returned' ? headersOf(cause) : undefined;
  return { status, source: 'webtask', ...(headers && { headers }), body: JSON.stringify(body, null, 2) };
}

/**
 * Describes an error that kept the webtask from running, or cut it off.
 *
 * @see protocol reference 2.3 and 4.4
 */
export function platformFailure(error: WebtaskError, requestId: string): FailureReply {
  const { status, message, code } = error;
  if (code === 'COMPILE_NOT_A_FUNCTION')
    return compilerFailure(status, { message: 'Invalid webtask code', error: message });
  if (code === 'COMPILE_SIGNATURE') return compilerFailure(status, { message, error: message });
  if (message.startsWith(COMPILATION_FAILED)) {
    const reason = message.slice(COMPILATION_FAILED.length);
    // Without one of the author's code there is none to show: the platform's own tells where it is installed.
    return compilerFailure(status, { message, error: reason, stack: error.fields.stack ?? `Error: ${reason}` });
  }
  // The words that the original's own clients look for, with the place.
  if (code === 'RUN_BLOCKED') {
    const body = { code: status, error: message, message, stack: error.fields.stack, req_id: requestId };
    return { status, source: 'webtask', body: JSON.stringify(body, null, 2) };
  }
  return { status, source: 'proxy', body: JSON.stringify({ code: status, message, req_id: requestId }) };
}

function compilerFailure(status: number, body: Record<string, unknown>): FailureReply {
  return { status, source: 'compiler', body: JSON.stringify({ code: status, ...body }) };
}

function statusCodeOf(cause: unknown): number | undefined {
  const status: unknown =
    typeof cause === 'object' && cause !== null && 'statusCode' in cause ? cause.statusCode : undefined;
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

/** What an answer to a refused or failed request may say in its head, and a callback has no response to set it on. */
const ERROR_HEADERS = ['WWW-Authenticate', 'Retry-After'];

/** Of the `headers` of an error those two: errors of HTTP clients have all that some other server sent. */
function headersOf(cause: unknown): Record<string, string> | undefined {
  const headers: unknown =
    typeof cause === 'object' && cause !== null && 'headers' in cause ? cause.headers : undefined;
  if (typeof headers !== 'object' || headers === null) return undefined;
  const found = ERROR_HEADERS.map((name) => [name, (headers as Record<string, unknown>)[name]]); // looked at below
  return Object.fromEntries(found.filter(([name, value]) => isHeader(String(name), value)));
}

function isHeader(name: string, value: unknown): value is string {
  try {
    if (typeof value === 'string') validateHeaderValue(name, value);
    return typeof value === 'string';
  } catch {
    return false;
  }
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value); // an object without a toString of its own
  }
}
