import { fail, WebtaskError } from '../../errors.ts';
import { parseStrictObject } from '../../jws/index.ts';

/** What an issuer answered. */
export interface FetchedJson {
  readonly value: Record<string, unknown>;
  /** Of `Cache-Control`, in seconds; 0 where it says not to keep it. */
  readonly maxAge: number | undefined;
}

/** A key set of a hundred large keys fits in. */
const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 5000;

/** After how many seconds what was not to be had may be: when the next fetch is allowed. */
export const RETRY_AFTER = 1;

/**
 * Fetches a JSON object from an issuer: within a time and a size, from exactly where it is said to be. A redirect is not
 * followed, since it would let whoever can have one sent choose the keys.
 *
 * @param url - as {@link isTrustworthy} has it
 * @param timeoutMs - for tests
 * @throws JWKS_UNAVAILABLE
 */
export async function fetchJson(url: string, timeoutMs = TIMEOUT_MS): Promise<FetchedJson> {
  const unavailable = (reason: string, options?: ErrorOptions): never =>
    fail('JWKS_UNAVAILABLE', { url, reason, retryAfter: RETRY_AFTER }, options);
  const stop = new AbortController();
  let isLate = false;
  // A timer of its own: a signal that AbortSignal.any joins to others is collected as garbage before its time is over.
  const timer = setTimeout(() => {
    isLate = true;
    stop.abort();
  }, timeoutMs);
  try {
    const response = await fetch(url, {
      signal: stop.signal,
      redirect: 'manual',
      headers: { Accept: 'application/json' },
    });
    if (response.status !== 200) unavailable(`it answered ${response.status}`);
    const text = await readText(response, unavailable);
    return { value: parseStrictObject(text, 'its answer', unavailable), maxAge: maxAgeOf(response.headers) };
  } catch (error) {
    if (error instanceof WebtaskError) throw error;
    return unavailable(isLate ? `it took longer than ${timeoutMs} ms` : reasonOf(error), { cause: error });
  } finally {
    clearTimeout(timer);
    stop.abort(); // of an answer that was not read to its end
  }
}

/** Whether keys may come from a URL: https, or http on this machine. */
export function isTrustworthy(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));
}

async function readText(response: Response, unavailable: (reason: string) => never): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) unavailable(`its answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function maxAgeOf(headers: Headers): number | undefined {
  const control = headers.get('cache-control') ?? '';
  if (/\bno-(store|cache)\b/i.test(control)) return 0;
  const [, seconds] = /\bmax-age="?(\d+)/i.exec(control) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}

/** In words, since fetch says little but that it failed. */
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  if (cause instanceof AggregateError) return cause.errors.map(String).join(', ');
  return cause instanceof Error ? cause.message : String(error);
}
