import { fail } from '../errors.ts';
import { parseCompact } from '../jws/index.ts';
import type { AlgorithmName } from './algorithms.ts';
import type { JwtClaims } from './claims.ts';
import { malformed } from './malformed.ts';
import { readClaims } from './read-claims.ts';
import { mediaTypeOf, type VerifierRules } from './verifier-options.ts';

/** An access token that was read and not yet believed. */
export interface ReadToken {
  readonly algorithm: AlgorithmName;
  readonly kid: string | undefined;
  readonly claims: JwtClaims;
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** Longer ones are refused before a single character is read. */
const MAX_LENGTH = 8 * 1024;

/** What the header of a token says that counts. */
type ReadHeader = Pick<ReadToken, 'algorithm' | 'kid'>;

/**
 * Makes the reading of access tokens, without looking at keys or times. What the header offers as keys (`jwk`, `jku`,
 * `x5c`, `x5u`) is not looked at, and what it demands to be understood (`crit`, `b64`) is refused, since nothing of it is.
 *
 * @returns a function of compact JWS that throws ACCESS_TOKEN_MALFORMED, ACCESS_TOKEN_TYPE, ACCESS_TOKEN_ALGORITHM, and
 *   what {@link readClaims} throws
 * @see RFC 7515 section 4.1, RFC 8725 sections 3.1, 3.10 and 3.11
 */
export function createTokenReader(rules: VerifierRules): (token: string) => ReadToken {
  let last: { readonly header: object; readonly read: ReadHeader } | undefined;

  /** Parsing gives the same object, which is frozen, for the same header once more. */
  function readOnce(header: Record<string, unknown>): ReadHeader {
    if (last?.header !== header) last = { header, read: readHeader(header, rules) };
    return last.read;
  }

  return (token) => {
    if (typeof token !== 'string') malformed('it is not a text');
    const { header, payload, signingInput, signature } = parseCompact(token, MAX_LENGTH, malformed);
    const { algorithm, kid } = readOnce(header);
    return { algorithm, kid, claims: readClaims(payload, rules), signingInput, signature };
  };
}

function readHeader(header: Record<string, unknown>, rules: VerifierRules): ReadHeader {
  const { alg, kid, typ } = header;
  for (const name of ['crit', 'b64']) {
    if (Object.hasOwn(header, name)) malformed(`header has the member "${name}"`);
  }
  if (kid !== undefined && typeof kid !== 'string') malformed('header has a kid that is not a text');
  if (typ !== undefined && typeof typ !== 'string') malformed('header has a typ that is not a text');
  if (!rules.types.includes(typ === undefined ? null : mediaTypeOf(typ))) {
    fail('ACCESS_TOKEN_TYPE', { typ: typ ?? 'none', allowed: rules.types.map((type) => type ?? 'none').join(' or ') });
  }
  const algorithm = rules.algorithms.find((name) => name === alg);
  if (algorithm === undefined) {
    const accepted = rules.algorithms.join(', ');
    return fail('ACCESS_TOKEN_ALGORITHM', { alg: typeof alg === 'string' ? alg : 'nothing', accepted });
  }
  return { algorithm, kid };
}
