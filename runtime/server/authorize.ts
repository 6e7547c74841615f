import { LRUCache } from 'lru-cache';
import { fail } from '../errors.ts';
import { checkTimes, coversContainer, type KeySet, openSeal, type TokenClaims, verifyToken } from '../token/index.ts';

/** A token that was found good, with what it carries. */
export interface Authorization {
  readonly token: string;
  readonly claims: TokenClaims;
  readonly secrets: Readonly<Record<string, string>>;
}

const REMEMBERED = 1000;

/**
 * Makes the check of tokens: each is verified and unsealed once, and its times and container are looked at on every
 * request.
 *
 * @returns a function that throws the errors of {@link verifyToken} and {@link openSeal}, and CONTAINER_REFUSED
 */
export function createAuthorizer(
  keys: KeySet,
): (token: string, container: string, now: number) => Promise<Authorization> {
  const known = new LRUCache<string, Authorization>({ max: REMEMBERED });

  async function verify(token: string, now: number): Promise<Authorization> {
    const claims = verifyToken(token, keys, now);
    const secrets = claims.ectx === undefined ? {} : await openSeal(claims.ectx, claims, keys);
    const authorization = { token, claims, secrets };
    known.set(token, authorization);
    return authorization;
  }

  return async (token, container, now) => {
    const authorization = known.get(token) ?? (await verify(token, now));
    checkTimes(authorization.claims, now);
    if (!coversContainer(authorization.claims.ten, container)) fail('CONTAINER_REFUSED', { container });
    return authorization;
  };
}
