import { WebtaskError } from '../errors.ts';
import type { TokenClaims } from './claims.ts';
import type { KeySet } from './keyset.ts';
import { openSeal } from './seal.ts';
import { parseToken, verifyToken } from './verify.ts';

/** What can be said of a token. */
export interface TokenReport {
  readonly claims: TokenClaims;
  readonly signer: { readonly kid: string; readonly alg: string };
  /** `valid`, or why not. */
  readonly state: string;
  /** What its bearer can do, a sentence each. */
  readonly can: readonly string[];
  /** Only where they were asked for. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * Says what a token holds, who signed it and what it is good for, whether or not it is valid.
 *
 * @param keys - without any it is not said whether the token is valid
 * @param now - seconds since the epoch
 * @param decrypt - also opens its secrets, for which the cluster's key is needed
 * @throws TOKEN_MALFORMED; with `decrypt` the errors of {@link openSeal}
 */
export async function inspectToken(token: string, keys: KeySet, now: number, decrypt: boolean): Promise<TokenReport> {
  const { claims, kid, alg } = parseToken(token);
  return {
    claims,
    signer: { kid, alg },
    state: stateOf(token, keys, now),
    can: abilities(claims),
    ...(decrypt && claims.ectx !== undefined && { secrets: await openSeal(claims.ectx, claims, keys) }),
  };
}

function stateOf(token: string, keys: KeySet, now: number): string {
  if (keys.signing.size === 0) return 'not checked: there are no keys here; --data names the folder that has them';
  try {
    verifyToken(token, keys, now);
    return 'valid';
  } catch (error) {
    if (error instanceof WebtaskError) return error.message;
    throw error;
  }
}

function abilities({ ten, url, url_sha256, dd, exp }: TokenClaims): string[] {
  const where = ten === undefined ? 'in every container' : `in container ${ten}`;
  const pinned = url_sha256 === undefined ? 'whatever it is then' : `only with SHA-256 ${url_sha256}`;
  const code = url === undefined ? `Runs code sent with the request, ${where}.` : `Runs ${url}, ${pinned}, ${where}.`;
  const generations = dd === 1 ? 'one generation' : `${dd} generations`;
  const depth = dd === undefined ? 'Issues tokens.' : dd ? `Issues tokens, ${generations} deep.` : 'Issues no tokens.';
  const until = exp === undefined ? 'Never expires.' : `Expires at ${new Date(exp * 1000).toISOString()}.`;
  return [code, depth, until];
}
