export { type Identity, type IdentityOptions, openIdentity } from './open-identity.ts';
export { readTenant, readTenants, type TenantConfig } from './read-config.ts';
