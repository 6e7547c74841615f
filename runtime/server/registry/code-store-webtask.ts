import { createHash } from 'node:crypto';
import { sha256Hex } from '../../code/index.ts';
import { fail } from '../../errors.ts';
import { parseToken, type TokenClaims } from '../../token/index.ts';
import { claimsOfKey } from '../tokens/own-key.ts';
import { hostName } from './hosts.ts';

/** The webtask that keeps code and the tokens of names. Whatever is not clearly an answer throws. */
export interface CodeStoreClient {
  /**
   * Keeps code.
   *
   * @param issuer - id of the token that asks; none for the master key
   * @returns the claims by which a token finds it
   */
  putCode(code: string, issuer: string | undefined): Promise<Required<Pick<TokenClaims, 'url' | 'url_sha256'>>>;
  /** Keeps the token of a name, or that it has none any more. */
  putToken(container: string, name: string, token: string | undefined): Promise<void>;
  /** Gives the token of a name; `null` where it has none any more, `undefined` where nothing was ever kept. */
  getToken(container: string, name: string): Promise<string | null | undefined>;
  /** Whether that is the webtask by which the store is called: what it needs itself cannot be in there. */
  isItself(container: string | undefined, name: string | undefined): boolean;
}

const TIMEOUT_MS = 10_000;
const MAX_RECORD_BYTES = 32 * 1024;
const MAX_LOCATION_LENGTH = 4096;

/**
 * Calls the webtask that keeps code: `PUT ?path=code/{issuer}/{md5}` answers with the URL of the code as `Location`,
 * `PUT ?path=tokens/{host}/{container}/{name}&no_location=1` keeps `{"token": …}`, and `&method=GET` reads it.
 *
 * Where it runs on this cluster, it is run by `key`: a run by name would have to wait for its own answer.
 *
 * @param url - of the webtask, with its `key` where it has no name
 * @see protocol reference 1.4
 */
export function createCodeStoreClient(
  url: string,
  { baseUrl, timeoutMs = TIMEOUT_MS }: { baseUrl: () => string; timeoutMs?: number | undefined },
): CodeStoreClient {
  const itself = claimsOfKey(url);

  async function call(
    method: 'GET' | 'PUT',
    query: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<{ status: number; location: string | null; text: string }> {
    const address = new URL(url);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    try {
      const response = await fetch(address, {
        method,
        redirect: 'error', // who redirects, sends an answer from elsewhere
        signal: AbortSignal.timeout(timeoutMs),
        ...(body !== undefined && { body, headers: { 'Content-Type': 'application/octet-stream' } }),
      });
      const text = await readText(response);
      return { status: response.status, location: response.headers.get('location'), text };
    } catch (cause) {
      const isLate = cause instanceof Error && cause.name === 'TimeoutError';
      const reason = isLate ? `it did not answer within ${timeoutMs} ms` : 'it cannot be reached';
      return unanswered(reason, cause);
    }
  }

  const pathOf = (container: string, name: string): string =>
    `tokens/${hostName(new URL(baseUrl()).host)}/${toSegment(container)}/${toSegment(name)}`;

  return {
    async putCode(code, issuer = 'root') {
      const md5 = createHash('md5').update(code).digest('hex');
      const path = `code/${/^[\w-]{1,64}$/.test(issuer) ? issuer : sha256Hex(issuer)}/${md5}`;
      const { status, location } = await call('PUT', { path }, code);
      if (status !== 200) return unanswered(`keeping code was answered with ${status}`);
      const isUrl = location !== null && /^https?:\/\//.test(location) && URL.canParse(location);
      if (!isUrl || location.length > MAX_LOCATION_LENGTH) return unanswered('it did not say where it keeps the code');
      // The store may answer with anything later on; what runs is what was put.
      return { url: location, url_sha256: sha256Hex(code) };
    },
    async putToken(container, name, token) {
      // The contract has no verb that deletes.
      const record = JSON.stringify(token === undefined ? {} : { token });
      const { status } = await call('PUT', { path: pathOf(container, name), no_location: '1' }, record);
      if (status !== 200) unanswered(`keeping the token of a name was answered with ${status}`);
    },
    async getToken(container, name) {
      const { status, text } = await call('GET', { path: pathOf(container, name), method: 'GET' });
      if (status === 404) return undefined;
      if (status !== 200) return unanswered(`asking for the token of a name was answered with ${status}`);
      return readRecord(text, container, name);
    },
    isItself: (container, name) =>
      name !== undefined && itself?.jtn === name && container !== undefined && itself.ten === container,
  };
}

/** No name leaves its folder, or is another's: the names of the original come through as they are. */
function toSegment(text: string): string {
  if (/^\.+$/.test(text)) return text.replaceAll('.', '%2E');
  const encode = (it: string): string => [...Buffer.from(it)].map((byte) => `%${byte.toString(16)}`).join('');
  return text.replace(/[^-\w.~!$+=:@]/gu, encode);
}

/** A token of another webtask that was valid here would run in place of the one that was asked for. */
function readRecord(text: string, container: string, name: string): string | null {
  let token: unknown;
  try {
    ({ token = null } = JSON.parse(text) as { token?: unknown });
  } catch (cause) {
    return unanswered('what it gave for a name is no JSON', cause);
  }
  if (token === null) return null;
  if (typeof token !== 'string') return unanswered('what it gave for a name has no token');
  let claims: TokenClaims;
  try {
    ({ claims } = parseToken(token));
  } catch (cause) {
    return unanswered('what it gave for a name is no token', cause);
  }
  if (claims.jtn !== name || claims.ten !== container) return unanswered('it gave the token of another webtask');
  return token;
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_RECORD_BYTES) throw new Error(`the answer has more than ${MAX_RECORD_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unanswered(reason: string, cause?: unknown): never {
  return fail('CODE_STORE_UNANSWERED', { reason }, { cause });
}
