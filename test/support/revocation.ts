import { hash } from 'node:crypto';
import type { JwtClaims } from '../../runtime/identity/claims.ts';
import type { VerifiedToken } from '../../runtime/identity/revocation-status.ts';

/** 2026-01-01, in seconds. */
export const NOW = 1_767_225_600;
export const ISS = 'https://issuer.example/';

/** A token that was verified, with claims that can be left out by `undefined`. */
export function verified(claims: Readonly<Record<string, unknown>> = {}): VerifiedToken {
  const all = { iss: ISS, sub: 'user 1', jti: 'token 1', iat: NOW, exp: NOW + 3600, ...claims };
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return {
    claims: kept as JwtClaims, // iss and exp are always there
    digest: () => hash('sha256', `header.${JSON.stringify(kept)}`, 'base64url'),
  };
}
