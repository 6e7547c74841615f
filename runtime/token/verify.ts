import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import { fail } from '../errors.ts';
import { parseCompact } from '../jws/index.ts';
import { checkClaims, type TokenClaims } from './claims.ts';
import type { KeySet, SigningKey } from './keyset.ts';
import { malformed } from './malformed.ts';
import { keyCovers, MAX_TOKEN_LENGTH } from './sign.ts';

/** A token that was taken apart and not yet believed. */
export interface ParsedToken {
  readonly alg: string;
  readonly kid: string;
  readonly claims: TokenClaims;
  readonly signingInput: string;
  readonly signature: Buffer;
}

/**
 * Checks a webtask token and returns its claims.
 *
 * Parsing is strict before any key is touched: every lenient reading of a token is a second name for it, and a second
 * name is a way around revocation. One remains: of every ES256 signature (r, s) there is the twin (r, -s). So whatever is
 * remembered of a token, such as that it was revoked, goes by its `jti`.
 *
 * @param token - compact JWS
 * @param keys - live keys, chosen by the header's `kid`
 * @param now - seconds since the epoch
 * @throws TOKEN_MALFORMED, TOKEN_KEY_UNKNOWN, TOKEN_SIGNATURE, TOKEN_KEY_CONTAINER, TOKEN_EXPIRED,
 *   TOKEN_NOT_YET_VALID
 * @see RFC 7515, RFC 8725 section 3; protocol reference 4.4, 5.1
 *
 * @example
 * const claims = verifyToken(token, keys, Date.now() / 1000);
 */
export function verifyToken(token: string, keys: KeySet, now: number): TokenClaims {
  const claims = verifySignature(token, keys);
  checkTimes(claims, now);
  return claims;
}

/**
 * Checks who made a webtask token, whether or not its time has come or is over.
 *
 * @throws TOKEN_MALFORMED, TOKEN_KEY_UNKNOWN, TOKEN_SIGNATURE, TOKEN_KEY_CONTAINER
 */
export function verifySignature(token: string, keys: KeySet): TokenClaims {
  const { alg, kid, claims, signingInput, signature } = parseToken(token);
  const key = keys.signing.get(kid) ?? fail('TOKEN_KEY_UNKNOWN', { kid });
  // The key decides the algorithm, not the token.
  if (alg !== key.algorithm || !signatureHolds(key, signingInput, signature)) fail('TOKEN_SIGNATURE');
  if (!keyCovers(key.containers, claims.ten)) {
    fail('TOKEN_KEY_CONTAINER', { kid, containers: (key.containers ?? []).join(', ') });
  }
  return claims;
}

/**
 * Checks the times of a token; on a server that remembers verified tokens, again on every request.
 *
 * @param now - seconds since the epoch
 * @throws TOKEN_EXPIRED, TOKEN_NOT_YET_VALID
 */
export function checkTimes(claims: TokenClaims, now: number): void {
  if (claims.exp !== undefined && claims.exp <= now) fail('TOKEN_EXPIRED', { exp: claims.exp });
  if (claims.nbf !== undefined && claims.nbf > now) fail('TOKEN_NOT_YET_VALID', { nbf: claims.nbf });
}

/**
 * Takes a token apart, strictly, without looking at keys or times.
 *
 * @throws TOKEN_MALFORMED
 */
export function parseToken(token: string): ParsedToken {
  const { header, payload, signingInput, signature } = parseCompact(token, MAX_TOKEN_LENGTH, malformed);
  const { alg, kid, ...others } = header;
  // `crit`, `b64`, `jku`, `jwk`, `x5u` and the like ask to be followed; nothing here follows anything.
  const [other] = Object.keys(others);
  if (other !== undefined) malformed(`header has the member "${other}"`);
  if (typeof alg !== 'string' || typeof kid !== 'string') malformed('header lacks alg or kid');
  return { alg, kid, claims: readClaims(payload), signingInput, signature };
}

function readClaims(payload: Record<string, unknown>): TokenClaims {
  try {
    return checkClaims(payload);
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error));
  }
}

function signatureHolds({ algorithm, verifyWith }: SigningKey, signingInput: string, signature: Buffer): boolean {
  const data = Buffer.from(signingInput);
  if (algorithm === 'HS256') {
    const expected = createHmac('sha256', verifyWith).update(data).digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  }
  // ES256 signatures are the two numbers side by side (RFC 7518 section 3.4), not DER.
  const key = algorithm === 'ES256' ? { key: verifyWith, dsaEncoding: 'ieee-p1363' as const } : verifyWith;
  return verify('sha256', data, key, signature);
}
