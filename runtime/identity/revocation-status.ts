import type { JwtClaims } from './claims.ts';

/** Where a verified token holds what an entry may name it by, which is made once for each checker in turn. */
export const NAMES = Symbol('names');

/** A token whose signature and times were found good, as far as its revocation is concerned. */
export interface VerifiedToken {
  readonly claims: JwtClaims;
  /**
   * SHA-256 of the signing input (`header.payload`), in base64url: what a token without `jti` is known by. Never of the
   * whole token, whose signature may be spelled in several ways.
   */
  readonly digest: () => string;
  /** Is there in those of a verifier, which may be asked for again and again; null once one was. */
  [NAMES]?: { readonly of: object; readonly keys: (string | null | undefined)[] } | null | undefined;
}

/** What is known of a token's revocation, and as of when. */
export interface RevocationStatus {
  /** `unknown` where what is known is too old to tell, or nothing was loaded yet. It is never a yes. */
  readonly status: 'active' | 'revoked' | 'unknown';
  /** Milliseconds since the epoch: every revocation acknowledged until then was seen. */
  readonly asOf: number;
  /** What forbids it, where it is revoked. */
  readonly by?: 'jti' | 'sub' | 'sid' | 'client' | 'grant' | 'issuer' | 'tenant';
}

/** Tells whether tokens are revoked. */
export interface RevocationChecker {
  /** Answers from memory, at once. */
  check(token: VerifiedToken): RevocationStatus;
  /** Asks the store itself, once for all who ask at the same time. */
  confirm(token: VerifiedToken): Promise<RevocationStatus>;
}
