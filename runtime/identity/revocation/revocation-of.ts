import type { VerifiedToken } from '../revocation-status.ts';
import type { NewRevocation } from './entry.ts';

/**
 * What revokes one token: by its id, or where it has none by the hash of what is signed in it, until it ends.
 *
 * @example
 * await revocations.revoke({ ...revocationOf(token), reason: 'logged out', source: 'RFC 7009' });
 */
export function revocationOf({ claims, digest }: VerifiedToken): NewRevocation {
  const { iss, jti, exp: expires } = claims;
  const hasId = typeof jti === 'string' && jti !== '';
  return { kind: 'jti', iss, ...(hasId ? { id: jti } : { digest: digest() }), expires };
}
