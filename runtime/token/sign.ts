import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { fail } from '../errors.ts';
import { parseStrictObject } from '../jws/index.ts';
import { checkClaims, type TokenClaims } from './claims.ts';
import type { KeySet } from './keyset.ts';
import { malformed } from './malformed.ts';

/** Longer tokens do not fit into the headers that carry them: Node and most proxies take 16 KiB for all of a request's. */
export const MAX_TOKEN_LENGTH = 14 * 1024;

/**
 * Signs claims into a webtask token, with the current key. The header is exactly `alg` and `kid`.
 *
 * @param claims - `jti` and `iat` are filled in where they are missing
 * @param now - seconds since the epoch
 * @throws TOKEN_CLAIM_UNKNOWN, TOKEN_CLAIM_TYPE, TOKEN_MALFORMED (nested too deeply), TOKEN_TOO_LONG, TOKEN_NO_SIGNING_KEY, TOKEN_KEY_CONTAINER
 * @see RFC 7515; protocol reference 5.1
 *
 * @example
 * const token = signToken({ ten: 'shop', url: 'https://…/pay.js' }, keys, Date.now() / 1000);
 */
export function signToken(claims: TokenClaims, keys: KeySet, now: number): string {
  const key = keys.current;
  if (!key?.signWith) return fail('TOKEN_NO_SIGNING_KEY');
  const filled = { jti: randomBytes(16).toString('hex'), iat: Math.floor(now), ...claims };
  checkClaims(filled);
  parseStrictObject(JSON.stringify(filled), 'payload', malformed); // what no one would accept is not signed
  if (!keyCovers(key.containers, filled.ten)) {
    fail('TOKEN_KEY_CONTAINER', { kid: key.kid, containers: (key.containers ?? []).join(', ') });
  }
  // Loaded here: verifying needs none of it.
  const { sign } = createRequire(import.meta.url)('jsonwebtoken') as typeof import('jsonwebtoken');
  const token = sign(filled, key.signWith, {
    algorithm: key.algorithm,
    // `typ` is what tells the original clients that this is another kind of token.
    header: { alg: key.algorithm, typ: undefined, kid: key.kid },
  });
  if (token.length > MAX_TOKEN_LENGTH) fail('TOKEN_TOO_LONG', { length: token.length, max: MAX_TOKEN_LENGTH });
  return token;
}

/** Whether a key that is limited to containers may sign for those of a `ten` claim. */
export function keyCovers(limit: readonly string[] | undefined, ten: string | undefined): boolean {
  if (limit === undefined) return true;
  return ten !== undefined && !ten.startsWith('/') && ten.split(',').every((name) => limit.includes(name.trim()));
}
