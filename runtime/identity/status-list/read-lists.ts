import { LRUCache } from 'lru-cache';
import { fail } from '../../errors.ts';
import { discoverKeySet } from '../jwks/discover.ts';
import { isTrustworthy } from '../jwks/fetch-json.ts';
import type { RevocationChecker, RevocationStatus, VerifiedToken } from '../revocation-status.ts';
import { decodeStatusList, STATUS, type StatusList } from './status-list.ts';

/** Whose status lists are read. */
export interface StatusListOptions {
  /** The `iss` of the tokens, and of the lists that they name. */
  readonly issuer: string;
  /** Where its keys are; by default where its metadata says. */
  readonly jwksUri?: string;
  /** Seconds since the epoch; for tests. */
  readonly now?: () => number;
}

/** A list, as it was read. */
interface ReadList {
  readonly list: StatusList;
  readonly issued: number;
  /** Seconds since the epoch after which nothing is known by it. */
  readonly until: number;
}

const MAX_LISTS = 100;
const MAX_BYTES = 4 << 20;
const TIMEOUT_MS = 5_000;
/** Where a list does not say how long it may be kept. */
const DEFAULT_TTL = 300;
const CLOCK_TOLERANCE = 5;

/**
 * Checks tokens by the status lists that they name, without asking about each token. It takes the place of a denylist in a
 * guard.
 *
 * A token that names no list, an index beyond it, a list that cannot be had, is too old or not genuine: each is `unknown`,
 * and never active. Have the verifier require the claim `status`, so that tokens without are refused as such.
 *
 * @throws REVOCATION_OPTION_INVALID
 * @see Token Status List (draft-ietf-oauth-status-list) section 8.3
 * @example
 * const revocation = readStatusLists({ issuer });
 * app.use(requireAccessToken({ issuer, audience, requiredClaims: ['status'], revocation, unknown: 'confirm' }));
 */
export function readStatusLists(options: StatusListOptions): RevocationChecker {
  const { issuer, jwksUri, now = () => Date.now() / 1000 } = options;
  if (!isTrustworthy(jwksUri ?? issuer)) {
    fail('REVOCATION_OPTION_INVALID', {
      option: jwksUri ? 'jwksUri' : 'issuer',
      reason: 'is neither https nor on this machine',
    });
  }
  /** Only who is on this machine may send readers to it. */
  const isHere = (jwksUri ?? issuer).startsWith('http:');
  const lists = new LRUCache<string, ReadList>({ max: MAX_LISTS });
  const reading = new Map<string, Promise<void>>();
  let keys: ReturnType<typeof openKeys> | undefined;

  async function read(uri: string): Promise<void> {
    keys ??= openKeys(issuer, jwksUri).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    const { jwtVerify } = await import('jose');
    const { payload } = await jwtVerify(await fetchToken(uri), await keys, {
      issuer,
      subject: uri,
      typ: 'statuslist+jwt',
      requiredClaims: ['iat'],
      clockTolerance: CLOCK_TOLERANCE,
      currentDate: new Date(now() * 1000),
    });
    const { iat: issued = 0, exp = Number.POSITIVE_INFINITY, ttl } = payload;
    const life = typeof ttl === 'number' && ttl > 0 ? ttl : DEFAULT_TTL;
    lists.set(uri, { list: decodeStatusList(payload.status_list), issued, until: Math.min(exp, now() + life) });
  }

  /** Once for all who want it at the same time. What fails leaves what was known, until that is too old. */
  function readOnce(uri: string): Promise<void> {
    let running = reading.get(uri);
    if (!running) {
      running = read(uri).finally(() => reading.delete(uri));
      reading.set(uri, running);
    }
    return running;
  }

  function check({ claims }: VerifiedToken): RevocationStatus {
    const place = placeIn(claims, isHere);
    const known = place && lists.get(place.uri);
    if (!known || now() > known.until) return { status: 'unknown', asOf: (known?.issued ?? 0) * 1000 };
    const asOf = known.issued * 1000;
    if (place.idx >= known.list.size) return { status: 'unknown', asOf };
    return known.list.get(place.idx) === STATUS.valid
      ? { status: 'active', asOf }
      : { status: 'revoked', asOf, by: 'jti' };
  }

  return {
    check,
    async confirm(token) {
      const place = placeIn(token.claims, isHere);
      if (place && check(token).status === 'unknown') {
        await readOnce(place.uri).catch(() => undefined); // whatever is wrong with a list, nothing is known by it
      }
      return check(token);
    },
  };
}

function placeIn(
  { status }: Readonly<Record<string, unknown>>,
  isHere: boolean,
): { uri: string; idx: number } | undefined {
  const { status_list: place } = (status ?? {}) as { status_list?: { uri?: unknown; idx?: unknown } }; // looked at here
  const { uri, idx } = place ?? {};
  if (typeof uri !== 'string' || !isTrustworthy(uri) || !(isHere || uri.startsWith('https:'))) return undefined;
  return Number.isInteger(idx) && Number(idx) >= 0 ? { uri, idx: Number(idx) } : undefined;
}

async function openKeys(issuer: string, jwksUri: string | undefined) {
  const { createRemoteJWKSet } = await import('jose');
  return createRemoteJWKSet(new URL(jwksUri ?? (await discoverKeySet(issuer))));
}

async function fetchToken(uri: string): Promise<string> {
  const response = await fetch(uri, {
    headers: { Accept: 'application/statuslist+jwt' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) throw new Error(`the status list answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`the status list has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8').trim();
}
