import type { Readable } from 'node:stream';
import type { RunReply } from '../invoke/index.ts';

/** The head of an answer, and what the webtask printed until now. */
export interface TestResponseHead {
  readonly status: number;
  /** Names in lower case; a repeated header is an array. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The lines that the webtask printed, in order. */
  readonly logs: readonly string[];
}

/** An answer that was read to its end. */
export interface TestResponse extends TestResponseHead {
  /** The body as text. */
  readonly body: string;
  /** The body as bytes. */
  readonly bytes: Buffer;
  /** The body parsed as JSON; `undefined` where it is none. */
  // `unknown` would make every assertion on a member a cast; this is a test's own reading of its own answer.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly json: any;
  /** Milliseconds from the request to the end of the body. */
  readonly durationMs: number;
}

/** An answer whose body is read as it comes. */
export interface StreamingResponse extends TestResponseHead {
  readonly stream: Readable;
}

const masks = new WeakMap<object, (text: string) => string>();

/** Remembers of a response how to hide secrets in what is printed of it; the test itself reads them. */
export function maskedBy<T extends object>(response: T, mask: (text: string) => string): T {
  masks.set(response, mask);
  return response;
}

/** What hides the secrets of the webtask that a response is from. */
export function maskOf(response: object): (text: string) => string {
  return masks.get(response) ?? ((text) => text);
}

/** Reads an answer to its end. */
export async function readResponse(
  reply: Pick<RunReply, 'status' | 'rawHeaders' | 'body'>,
  logs: readonly string[],
  startedAt: number,
): Promise<TestResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply.body as AsyncIterable<Buffer>) chunks.push(chunk); // it has no encoding
  const bytes = Buffer.concat(chunks);
  const body = bytes.toString('utf8');
  return {
    status: reply.status,
    headers: toHeaders(reply.rawHeaders),
    body,
    bytes,
    json: parseJson(body),
    logs,
    durationMs: performance.now() - startedAt,
  };
}

/** Names in lower case, a repeated one as an array. */
export function toHeaders(rawHeaders: readonly string[]): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
