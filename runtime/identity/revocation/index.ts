export type { NewRevocation, RevocationEntry, RevocationKind } from './entry.ts';
export { openRevocation, type Revocation, type RevocationOptions, type RevocationReadiness } from './open.ts';
export { revocationOf } from './revocation-of.ts';
export type { TenantRevocations } from './tenant.ts';
