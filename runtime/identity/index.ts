export { createDynamoDBStore, createMemoryStore, openStore, type Store } from '../store/index.ts';
export type { AlgorithmName } from './algorithms.ts';
export type { JwtClaims } from './claims.ts';
export type { GuardOptions } from './guard/authorize.ts';
export { protect } from './guard/protect.ts';
export { type AccessGuard, requireAccessToken } from './guard/require-access-token.ts';
export {
  type FollowedRevocations,
  type FollowOptions,
  followRevocations,
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
export { readStatusLists, type StatusListOptions } from './status-list/read-lists.ts';
export { type Identity, openIdentity, readTenant, readTenants, type TenantConfig } from './tenants/index.ts';
export type { VerifierOptions } from './verifier-options.ts';
export { createVerifier, type Verifier } from './verify.ts';
