import type { Readable } from 'node:stream';
import type { RunRequest } from '../invoke/index.ts';
import { checkMembers } from './known-members.ts';

/** A request as a test writes it. */
export interface TestRequest {
  /** Default `GET`. */
  readonly method?: string;
  /** Path and query; default `/`, which may be left out before a query. */
  readonly url?: string;
  /** Added to the query of `url`; an array repeats its name. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** An object is sent as JSON, `URLSearchParams` as a form, everything else as it is. */
  readonly body?: object | string | Uint8Array | URLSearchParams | Readable | undefined;
}

const MEMBERS = Object.keys({
  method: true,
  url: true,
  query: true,
  headers: true,
  body: true,
} satisfies Record<keyof TestRequest, true>);

/**
 * Makes of a test's request what a client would send: with `Host`, `Content-Type` and the framing of its body.
 *
 * @throws HARNESS_OPTION
 */
export function toRunRequest(request: TestRequest): RunRequest {
  checkMembers('A request', request, MEMBERS);
  const headers = new Map<string, [name: string, values: readonly string[]]>([['host', ['Host', ['localhost']]]]);
  const { body, type } = encodeBody(request.body);
  if (type !== undefined) headers.set('content-type', ['Content-Type', [type]]);
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    headers.set('content-length', ['Content-Length', [String(Buffer.byteLength(body))]]);
  } else if (body !== undefined) {
    headers.set('transfer-encoding', ['Transfer-Encoding', ['chunked']]);
  }
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers.set(name.toLowerCase(), [name, typeof value === 'string' ? [value] : value]);
  }
  return {
    method: (request.method ?? 'GET').toUpperCase(),
    url: withQuery(toPath(request.url ?? '/'), request.query ?? {}),
    rawHeaders: [...headers.values()].flatMap(([name, values]) => values.flatMap((value) => [name, value])),
    body,
  };
}

function encodeBody(body: TestRequest['body']): { body: RunRequest['body']; type?: string } {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return { body };
  if (body instanceof URLSearchParams) return { body: body.toString(), type: 'application/x-www-form-urlencoded' };
  if (body instanceof Uint8Array) return { body: Buffer.from(body) };
  if ('pipe' in body) return { body: body as Readable }; // nothing else has it
  return { body: JSON.stringify(body), type: 'application/json' };
}

/** What a client sends of `?a=1`, or of `items`, is a path. */
function toPath(url: string): string {
  return url.startsWith('/') ? url : `/${url}`;
}

function withQuery(url: string, query: NonNullable<TestRequest['query']>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) search.append(name, String(item));
  }
  if (search.size === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${search}`;
}
