export type { AlgorithmName } from './algorithms.ts';
export type { JwtClaims } from './claims.ts';
export {
  type NewRevocation,
  openRevocation,
  type Revocation,
  type RevocationEntry,
  type RevocationKind,
  type RevocationOptions,
  type RevocationReadiness,
  revocationOf,
  type TenantRevocations,
} from './revocation/index.ts';
export type { RevocationChecker, RevocationStatus, VerifiedToken } from './revocation-status.ts';
export type { VerifierOptions } from './verifier-options.ts';
export { createVerifier, type Verifier } from './verify.ts';
