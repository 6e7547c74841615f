import type { Language, Translated } from '../compile/index.ts';
import type { CreatedToken } from '../context/index.ts';
import { fail, WebtaskError } from '../errors.ts';
import type { Documents, Expected, Written } from '../store/index.ts';
import { FRAMES, type Frame } from './frame.ts';
import type { Link } from './link.ts';
import type { Call, Result } from './messages.ts';

/** As they are before a webtask may replace them. */
const { byteLength, from } = Buffer;

/** What a worker has its server do, each for a definition. */
export interface Calls {
  /** The one document of the webtask: the server knows which. */
  documents(of: number): Documents;
  issue(of: number, run: number, requested: Readonly<Record<string, unknown>>): Promise<CreatedToken>;
  /** Fetches code of compilers and middleware. */
  fetch(of: number, url: string): Promise<string>;
  /** Turns code that Node does not understand as CommonJS into such. */
  translate(of: number, code: string, file: string, language: Language): Promise<Translated>;
  /** Takes the result of a call. */
  settle(frame: Frame): void;
}

/** Makes the calls that go through a pipe to the server. */
export function createCalls(link: Link): Calls {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let count = 0;

  /**
   * The server answers with what that call gives.
   *
   * @throws RUN_CALL_TOO_LARGE where that is more than it would read: it would end this process
   */
  const ask = <T>(call: Call, code?: string): Promise<T> =>
    new Promise<unknown>((resolve, reject) => {
      const head = JSON.stringify(call);
      const bytes = code === undefined ? undefined : from(code);
      checkSize(byteLength(head), FRAMES.call.maxHead);
      checkSize(bytes?.length ?? 0, FRAMES.call.maxBytes);
      count += 1;
      waiting.set(count, { resolve, reject });
      link.send('call', count, { head, bytes });
    }) as Promise<T>;

  return {
    documents: (of) => ({
      get: () => ask({ of, what: 'document' }),
      put: (_key, value, { expected } = {}) => ask(write(of, 'put', expected, value)),
      remove: (_key, expected) => ask<Written>(write(of, 'remove', expected)),
    }),
    issue: (of, run, requested) => ask({ of, what: 'issue', run, requested }),
    fetch: (of, url) => ask({ of, what: 'fetch', url }),
    translate: (of, code, file, language) => ask({ of, what: 'translate', file, language }, code),
    settle({ id, bytes }) {
      const result = JSON.parse(bytes.toString('utf8')) as Result; // the server wrote it
      if ('error' in result) waiting.get(id)?.reject(toError(result.error));
      else waiting.get(id)?.resolve(result.value);
      waiting.delete(id);
    },
  };
}

function checkSize(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) fail('RUN_CALL_TOO_LARGE', { bytes, maxBytes });
}

function write(of: number, kind: 'put' | 'remove', expected: Expected, value?: unknown): Call {
  return { of, what: 'document', write: kind, value, ...(expected !== undefined && { expected }) };
}

function toError({ message, code, fields }: Extract<Result, { error: unknown }>['error']): Error {
  if (code === undefined) return new Error(message);
  return new WebtaskError(code as 'INTERNAL', (fields ?? {}) as Record<string, never>); // as the server had it
}
