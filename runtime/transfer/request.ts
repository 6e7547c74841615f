import { setTimeout as delay } from 'node:timers/promises';
import { fail, WebtaskError } from '../errors.ts';

/** A container of a server, and the token that manages it. */
export interface Remote {
  /** Without a slash at the end. */
  readonly server: string;
  readonly container: string;
  readonly token: string;
}

const TIMEOUT_MS = 60_000;
const MAX_ATTEMPTS = 4;
const MAX_WAIT_MS = 10_000;
const MAX_MESSAGE = 300;
/** Waiting may help. */
const BUSY = [429, 502, 503, 504];

/**
 * Checks that secrets may be sent to a server: over https, or to this machine itself.
 *
 * @throws TRANSFER_SERVER_URL, TRANSFER_PLAIN
 */
export function checkServer(server: string): void {
  if (!URL.canParse(server)) fail('TRANSFER_SERVER_URL', { server });
  const url = new URL(server);
  if (!/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
    fail('TRANSFER_SERVER_URL', { server });
  }
  const isHere = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.[\d.]+$/.test(url.hostname);
  if (url.protocol === 'http:' && !isHere) fail('TRANSFER_PLAIN', { server });
}

/**
 * Asks the management API of a server. A server that is busy is asked again, four times in all.
 *
 * @param path - after the server's URL
 * @param absent - statuses that mean that it is not there
 * @returns the JSON of the answer, or its text; `undefined` where it is not there
 * @throws TRANSFER_REFUSED, TRANSFER_FAILED
 */
export async function request(
  { server, token }: Remote,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  { body, absent = [] }: { body?: object; absent?: readonly number[] } = {},
): Promise<unknown> {
  const about = { server, what: `${method} ${path.replace(/\?.*/s, '')}` };
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(server + path, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          Accept: 'application/json',
          ...(body && { 'Content-Type': 'application/json' }),
        },
        redirect: 'manual', // token and secrets are for this server only
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.ok) return parse(text);
      if (absent.includes(answer.status)) return undefined;
      if (!BUSY.includes(answer.status) || attempt === MAX_ATTEMPTS) {
        return fail('TRANSFER_REFUSED', { ...about, status: answer.status, message: messageOf(text) });
      }
      await delay(Math.min(Number(answer.headers.get('retry-after')) * 1000 || 2 ** attempt * 100, MAX_WAIT_MS));
    } catch (cause) {
      if (cause instanceof WebtaskError) throw cause;
      if (attempt === MAX_ATTEMPTS) return fail('TRANSFER_FAILED', { ...about, reason: reasonOf(cause) }, { cause });
      await delay(2 ** attempt * 100);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a token
  }
}

/** What the error of an API says; what else answers is shown by its beginning. */
function messageOf(text: string): string {
  const { message } = (parse(text) ?? {}) as { message?: unknown }; // anybody's answer
  const said = (typeof message === 'string' ? message : text).trim().slice(0, MAX_MESSAGE);
  return said.replace(/\.$/, '') || 'no reason is given';
}

/** Of a failed fetch, the reason is in its cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error; // fetch throws nothing else
  return (cause instanceof Error && cause.message) || message;
}
