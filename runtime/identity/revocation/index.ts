export type { NewRevocation, RevocationEntry, RevocationKind } from './entry.ts';
export { type FollowedRevocations, type FollowOptions, followRevocations } from './follow-feed.ts';
export { openRevocation, type Revocation, type RevocationOptions, type RevocationReadiness } from './open.ts';
export { revocationOf } from './revocation-of.ts';
export type { TenantRevocations } from './tenant.ts';
