import type { LookupAddress } from 'node:dns';
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { fail, WebtaskError } from '../errors.ts';
import { isPublicAddress } from './public-address.ts';

/** What may be fetched. */
export interface FetchPolicy {
  /** Only public addresses and {@link allowedOrigins}; `false` on a developer's own machine. */
  readonly publicOnly: boolean;
  /** Origins that may be anywhere, such as `http://127.0.0.1:3000`. */
  readonly allowedOrigins: readonly string[];
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 5 * 1024 * 1024;
const MAX_REDIRECTS = 5;

/**
 * Fetches the code of a webtask.
 *
 * The address that is checked is the one that is connected to: names are looked up once, by the connection itself, so
 * that no second answer can lead elsewhere. Each redirect is checked anew.
 *
 * @param url - http or https
 * @param limits - 10 seconds and 5 MB where nothing else is said
 * @throws CODE_URL_INVALID, CODE_ADDRESS_REFUSED, CODE_UNREACHABLE, CODE_STATUS, CODE_TOO_LARGE, CODE_TIMED_OUT,
 *   CODE_REDIRECTS
 *
 * @example
 * const code = await fetchCode('https://example.com/pay.js', { publicOnly: true, allowedOrigins: [] });
 */
export async function fetchCode(
  url: string,
  policy: FetchPolicy,
  { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES }: { timeoutMs?: number | undefined; maxBytes?: number } = {},
): Promise<Buffer> {
  const signal = AbortSignal.timeout(timeoutMs);
  let next = url;
  try {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await get(parseCodeUrl(next), policy, signal);
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        response.destroy();
        next = URL.canParse(headers.location, next) ? new URL(headers.location, next).href : headers.location;
        continue;
      }
      if (statusCode !== 200) {
        response.destroy();
        fail('CODE_STATUS', { url: shown(next), status: statusCode });
      }
      return await readBytes(response, next, maxBytes);
    }
  } catch (error) {
    if (error instanceof WebtaskError) throw error;
    if (signal.aborted) fail('CODE_TIMED_OUT', { url: shown(url), timeoutMs }, { cause: error });
    fail('CODE_UNREACHABLE', { url: shown(next), reason: reasonOf(error) }, { cause: error });
  }
  return fail('CODE_REDIRECTS', { url: shown(url), max: MAX_REDIRECTS });
}

/**
 * Reads the URL of code. A password in it would be in every token, and so in every request.
 *
 * @throws CODE_URL_INVALID
 */
export function parseCodeUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    return fail('CODE_URL_INVALID', { url: shown(text), reason: 'it is no http or https URL' });
  }
  if (url.username || url.password) {
    fail('CODE_URL_INVALID', { url: shown(url.href), reason: 'it carries a user name or password' });
  }
  return url;
}

function get(url: URL, policy: FetchPolicy, signal: AbortSignal): Promise<http.IncomingMessage> {
  const anywhere = !policy.publicOnly || policy.allowedOrigins.includes(url.origin);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!anywhere && isIP(host) !== 0 && !isPublicAddress(host)) refuseAddress(url, host);
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    request(url, {
      signal,
      agent: false,
      // Compressed bytes would have another hash, and could expand without limit.
      headers: { 'Accept-Encoding': 'identity', 'User-Agent': 'webtask-kit' },
      ...(!anywhere && { lookup: publicLookup(url) }),
    })
      .once('response', resolve)
      .once('error', reject)
      .end();
  });
}

/** Looks a name up for the connection, and refuses it when any of its addresses is not public. */
function publicLookup(url: URL): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '');
      const inside = addresses.find(({ address }) => !isPublicAddress(address));
      if (inside) return callback(addressError(url, inside.address), '');
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return callback(null, first?.address ?? '', first?.family);
    });
  };
}

async function readBytes(response: http.IncomingMessage, url: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    // it has no encoding
    size += chunk.length;
    if (size > maxBytes) fail('CODE_TOO_LARGE', { url: shown(url), maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** In words, since Node says little of a cut connection and nothing of several addresses that all failed. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  if (!(error instanceof Error)) return String(error);
  return error.message === 'aborted' ? 'the connection was cut' : error.message;
}

function addressError(url: URL, address: string): WebtaskError {
  return new WebtaskError('CODE_ADDRESS_REFUSED', { url: shown(url.href), address, origin: url.origin });
}

function refuseAddress(url: URL, address: string): never {
  throw addressError(url, address);
}

/** A URL as errors show it: its query and its password may be secrets. */
export function shown(url: string): string {
  return url.replace(/\?.*$/s, '').replace(/\/\/[^/@]*@/, '//');
}
