import { type ParsedUrlQueryInput, parse, stringify } from 'node:querystring';
import { Readable } from 'node:stream';
import type { RunRequest } from '../../invoke/index.ts';

/** A request as a test writes it. */
export interface RequestOptions {
  /** The header `Host`, unless `headers` or `url` say another. */
  readonly authority?: string | undefined;
  readonly headers?: Readonly<Record<string, string | number | readonly string[] | undefined>> | undefined;
  /** Default `GET`. */
  readonly method?: string | undefined;
  /** The body. What is no text, buffer or stream is sent as JSON. */
  readonly payload?: unknown;
  /** Added to the query of `url`, whose names it replaces. */
  readonly query?: ParsedUrlQueryInput | undefined;
  /** Path and query, or a whole URL. Default `/`. */
  readonly url?: string | undefined;
}

/** Makes of a test's request what the original sent: with `Host`, `User-Agent`, and the type and length of its body. */
export function toRequest(options: RequestOptions): RunRequest {
  const { body, framing } = toBody(options.payload);
  const { host = options.authority ?? 'localhost:80', target } = splitUrl(options.url ?? '/');
  const headers: Record<string, unknown> = { host, 'user-agent': 'shot', ...framing };
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined) headers[name.toLowerCase()] = value;
  }
  return {
    method: (options.method ?? 'GET').toUpperCase(),
    url: withQuery(target, options.query ?? {}),
    rawHeaders: Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((it) => [name, String(it)])),
    body,
  };
}

function splitUrl(url: string): { host?: string; target: string } {
  const [, scheme, host, rest = url] = /^(https?):\/\/([^/?#]+)(.*)$/is.exec(url) ?? [];
  const path = rest.replace(/#.*$/s, '').replace(/[^\x21-\x7e]+/g, encodeURI);
  const target = path.startsWith('/') ? path : `/${path}`;
  if (host === undefined) return { target };
  const port = scheme?.toLowerCase() === 'https' ? 443 : 80;
  return { host: /:\d+$/.test(host) ? host : `${host}:${port}`, target };
}

function withQuery(target: string, query: ParsedUrlQueryInput): string {
  if (Object.keys(query).length === 0) return target;
  const [path = '', text = ''] = target.split(/\?(.*)/s);
  return `${path}?${stringify({ ...parse(text), ...query })}`;
}

function toBody(payload: unknown): { body?: RunRequest['body']; framing?: Record<string, unknown> } {
  if (!payload) return {};
  if (isStream(payload)) {
    const body = payload instanceof Readable ? payload : new Readable().wrap(payload);
    return { body, framing: { 'transfer-encoding': 'chunked' } };
  }
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
  const body = isText ? payload : JSON.stringify(payload);
  const type = isText ? {} : { 'content-type': 'application/json' };
  return { body, framing: { ...type, 'content-length': Buffer.byteLength(body) } };
}

function isStream(payload: unknown): payload is NodeJS.ReadableStream {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload && typeof payload.pipe === 'function';
}
