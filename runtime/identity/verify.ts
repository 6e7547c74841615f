import { createHash } from 'node:crypto';
import { fail } from '../errors.ts';
import { RETRY_AFTER } from './jwks/fetch-json.ts';
import type { KeySource } from './jwks/key-source.ts';
import { openKeySource } from './jwks/open.ts';
import type { VerificationKey } from './jwks/verification-key.ts';
import type { VerificationKeys } from './jwks/verification-keys.ts';
import { malformed } from './malformed.ts';
import { checkTimes } from './read-claims.ts';
import { createTokenReader, type ReadToken } from './read-token.ts';
import { createMemory } from './remember.ts';
import { NAMES, type VerifiedToken } from './revocation-status.ts';
import { readOptions, type VerifierOptions } from './verifier-options.ts';

/** Tells genuine access tokens of one issuer for one API from all others. */
export interface Verifier {
  /**
   * Checks a token, at once.
   *
   * @param token - compact JWS, at most 8 KiB
   * @throws ACCESS_TOKEN_MALFORMED, ACCESS_TOKEN_TYPE, ACCESS_TOKEN_ALGORITHM, ACCESS_TOKEN_CLAIM_MISSING,
   *   ACCESS_TOKEN_ISSUER, ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_EXPIRED, ACCESS_TOKEN_NOT_YET_VALID,
   *   ACCESS_TOKEN_TOO_OLD, ACCESS_TOKEN_KEY_UNKNOWN, ACCESS_TOKEN_SIGNATURE, and ACCESS_TOKEN_KEY_NOT_LOADED, which
   *   says nothing of the token
   */
  verify(token: string): VerifiedToken;
  /**
   * Checks a token, and waits for its key where that is not known yet.
   *
   * @throws as {@link verify}; in place of ACCESS_TOKEN_KEY_NOT_LOADED, JWKS_UNAVAILABLE
   */
  verifyAsync(token: string): Promise<VerifiedToken>;
  /**
   * Checks a token where its key is known, and fetches none.
   *
   * @returns nothing where it is not
   * @throws as {@link verify}, but for what is said of keys
   */
  verifyKnown(token: string): VerifiedToken | undefined;
}

/** A token whose signature holds, as long as its key is one of the issuer's. */
interface Remembered {
  readonly verified: VerifiedToken;
  readonly key: VerificationKey;
}

/** Tokens that are remembered; of the longest they are 16 MiB. */
const REMEMBERED = 2000;

/**
 * Makes the check of access tokens. Keep what it gives: it holds the keys, and the tokens whose signature was found good.
 *
 * A token that has come twice is remembered by its whole text, so that another spelling of it is another token; its times, and whether its
 * key is still one of the issuer's, are looked at every time it comes. Whether it is revoked is not known here.
 *
 * @throws VERIFIER_OPTION_INVALID
 * @see RFC 9068 section 4, RFC 8725 section 3
 *
 * @example
 * const { verifyAsync } = createVerifier({ issuer: 'https://login.example.com/', audience: 'https://api.example.com' });
 * const { claims } = await verifyAsync(token);
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const rules = readOptions(options);
  const keys: KeySource = openKeySource(options, rules);
  const readToken = createTokenReader(rules);
  const remembered = createMemory<Remembered>(REMEMBERED);

  function recall(token: string): VerifiedToken | undefined {
    const known = typeof token === 'string' ? remembered.get(token) : undefined; // another one is refused when it is read
    if (known === undefined || !keys.current()?.has(known.key)) return undefined;
    checkTimes(known.verified.claims, rules, now());
    return known.verified;
  }

  function believe(token: string, { claims, signingInput, signature }: ReadToken, key: VerificationKey): VerifiedToken {
    if (!key.verify(signingInput, signature)) fail('ACCESS_TOKEN_SIGNATURE');
    const verified = { claims, digest: digestOf(signingInput), [NAMES]: undefined };
    remembered.set(token, { verified, key });
    return verified;
  }

  /** Gives the token where its key is known, and what was read of it otherwise. */
  function attempt(token: string): { verified: VerifiedToken } | { read: ReadToken } {
    const recalled = recall(token);
    if (recalled) return { verified: recalled };
    const read = readToken(token);
    checkTimes(read.claims, rules, now()); // before any key: an expired token is not worth a fetch
    const current = keys.current();
    const key = current && findKey(current, read);
    return key ? { verified: believe(token, read, key) } : { read };
  }

  return {
    verify(token) {
      const it = attempt(token);
      if ('verified' in it) return it.verified;
      const { read } = it;
      if (!keys.find) return fail('ACCESS_TOKEN_KEY_UNKNOWN', { kid: read.kid });
      keys.find((set) => findKey(set, read)).catch(() => undefined); // so that it is known the next time
      return fail('ACCESS_TOKEN_KEY_NOT_LOADED', { retryAfter: RETRY_AFTER });
    },
    verifyKnown(token) {
      const it = attempt(token);
      return 'verified' in it ? it.verified : undefined;
    },
    async verifyAsync(token) {
      const it = attempt(token);
      if ('verified' in it) return it.verified;
      const { read } = it;
      const key = await keys.find?.((set) => findKey(set, read));
      return believe(token, read, key ?? fail('ACCESS_TOKEN_KEY_UNKNOWN', { kid: read.kid }));
    },
  };
}

/**
 * Finds the key of a token.
 *
 * @returns `undefined` where the set has none of that name
 * @throws ACCESS_TOKEN_ALGORITHM, ACCESS_TOKEN_MALFORMED (no `kid`, where that leaves a choice)
 */
function findKey(keys: VerificationKeys, { kid, algorithm }: ReadToken): VerificationKey | undefined {
  const named = keys.named(kid);
  const [only] = named;
  if (named.length === 1 && only?.algorithm === algorithm) return only;
  const fitting = named.filter((key) => key.algorithm === algorithm);
  const [key] = fitting;
  if (kid === undefined && fitting.length !== 1)
    malformed('header has no kid, which leaves more than one key, or none');
  if (key === undefined && named.length > 0) {
    fail('ACCESS_TOKEN_ALGORITHM', { alg: algorithm, accepted: named.map((it) => it.algorithm).join(', ') });
  }
  return key;
}

function digestOf(signingInput: string): () => string {
  let digest: string | undefined;
  return () => {
    digest ??= createHash('sha256').update(signingInput).digest('base64url');
    return digest;
  };
}

function now(): number {
  return Date.now() / 1000;
}
