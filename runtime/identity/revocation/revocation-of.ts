import type { VerifiedToken } from '../revocation-status.ts';
import { MILLISECONDS_FROM, type NewRevocation } from './entry.ts';

/**
 * What revokes one token: by its id, or where it has none by the hash of what is signed in it, until it ends.
 *
 * @example
 * await revocations.revoke({ ...revocationOf(token), reason: 'logged out', source: 'RFC 7009' });
 */
export function revocationOf({ claims, digest }: VerifiedToken): NewRevocation {
  const { iss, jti, exp } = claims;
  const expires = exp < MILLISECONDS_FROM ? exp : undefined; // some issuers say 9999 for never
  const hasId = typeof jti === 'string' && jti !== '';
  return { kind: 'jti', iss, ...(hasId ? { id: jti } : { digest: digest() }), expires };
}
