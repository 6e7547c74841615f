import { LRUCache } from 'lru-cache';
import { fail } from '../../errors.ts';
import {
  checkTimes,
  coversContainer,
  findMasterKey,
  type KeySet,
  openSeal,
  type TokenClaims,
  verifyToken,
} from '../../token/index.ts';
import type { Revocations } from '../revocations/revocations.ts';

/** A credential that was found good, with what it carries. */
export interface Authorization {
  /** Empty for the master key, which is nobody's to hand on. */
  readonly token: string;
  /** `{}` for the master key. */
  readonly claims: TokenClaims;
  readonly secrets: Readonly<Record<string, string>>;
  /** The `kid` of the master key, where it was that. */
  readonly masterKeyId?: string;
}

/** Says what a credential stands for, at a time in seconds since the epoch; at once where it is remembered. */
export type Identify = (credential: string, now: number) => Authorization | Promise<Authorization>;

const REMEMBERED = 1000;
/** Characters at its end, of its signature, by which a token is found; then all of it is compared. Hashing it takes longer. */
const TAIL = 32;
const MASTER: Authorization = { token: '', claims: {}, secrets: {} };

/**
 * Makes the check of credentials: a token is verified and unsealed once, and its times and whether it is revoked are
 * looked at on every request. The master key is good for everything.
 *
 * @returns a function that throws the errors of {@link verifyToken} and {@link openSeal}, CREDENTIAL_OPAQUE,
 *   TOKEN_REVOKED and REVOCATION_CHECK_FAILED
 * @see protocol reference 5.1, 5.3
 */
export function createIdentifier(keys: KeySet, revocations: Revocations): Identify {
  const known = new LRUCache<string, Authorization>({ max: REMEMBERED });

  async function verify(token: string, now: number): Promise<Authorization> {
    const claims = verifyToken(token, keys, now);
    const secrets = claims.ectx === undefined ? {} : await openSeal(claims.ectx, claims, keys);
    const authorization = { token, claims, secrets };
    known.set(token.slice(-TAIL), authorization);
    return authorization;
  }

  function check(authorization: Authorization, now: number): Authorization | Promise<Authorization> {
    checkTimes(authorization.claims, now);
    const isRevoked = revocations.isRevoked(authorization.claims);
    if (typeof isRevoked !== 'boolean') return isRevoked.then((it) => (it ? fail('TOKEN_REVOKED') : authorization));
    return isRevoked ? fail('TOKEN_REVOKED') : authorization;
  }

  return (credential, now) => {
    if (!credential.includes('.')) {
      return { ...MASTER, masterKeyId: findMasterKey(credential, keys) ?? fail('CREDENTIAL_OPAQUE') };
    }
    const authorization = known.get(credential.slice(-TAIL));
    return authorization?.token === credential
      ? check(authorization, now)
      : verify(credential, now).then((it) => check(it, now));
  };
}

/**
 * Makes the check of credentials that are to be used in a container.
 *
 * @returns a function that throws as {@link createIdentifier}'s does, and CONTAINER_REFUSED
 */
export function createAuthorizer(
  identify: Identify,
): (credential: string, container: string, now: number) => Authorization | Promise<Authorization> {
  /** The container that each was last good for. */
  const covered = new WeakMap<Authorization, string>();
  const check = (authorization: Authorization, container: string): Authorization => {
    const { ten } = authorization.claims;
    if (ten === undefined || covered.get(authorization) === container) return authorization;
    if (!coversContainer(ten, container)) fail('CONTAINER_REFUSED', { container });
    covered.set(authorization, container);
    return authorization;
  };
  return (credential, container, now) => {
    const found = identify(credential, now);
    return found instanceof Promise ? found.then((it) => check(it, container)) : check(found, container);
  };
}
