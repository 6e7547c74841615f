import { WebtaskError } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import { createEndpoints, type EndpointAnswer } from '../endpoints/endpoints.ts';
import type { EndpointParts } from '../endpoints/parts.ts';
import { refuse } from '../endpoints/respond.ts';
import { openRevocation, type Revocation, type TenantRevocations } from '../revocation/index.ts';
import type { VerifiedToken } from '../revocation-status.ts';
import { openTenant } from './open-tenant.ts';
import type { TenantConfig } from './read-config.ts';

/** The tenants of a server, with their endpoints. */
export interface Identity {
  /**
   * Answers a request to an endpoint of a tenant.
   *
   * @param path - what follows the tenant's address, such as `/introspect`
   */
  answer(tenant: string, request: Request, path: string): Promise<EndpointAnswer>;
  /**
   * Gives the denylist of a tenant.
   *
   * @throws IDENTITY_TENANT_UNKNOWN
   */
  revocationsOf(tenant: string): TenantRevocations;
  /**
   * Checks a token of a tenant as its endpoints do.
   *
   * @throws IDENTITY_TENANT_UNKNOWN, and what `verifyAsync` throws
   */
  verify(tenant: string, token: string): Promise<VerifiedToken>;
  readonly revocation: Revocation;
  close(): Promise<void>;
}

/** What tenants are opened with. */
export interface IdentityOptions {
  readonly tenants: ReadonlyMap<string, TenantConfig>;
  /** Where the denylist is. It is not closed with this. */
  readonly store: Store;
  /** Where what is revoked is written down, so that the next start is quick. */
  readonly dataFolder?: string | undefined;
  /** The public URL of a tenant's endpoints, without a slash at the end. */
  readonly urlOf: (tenant: string) => string;
}

/**
 * Opens the endpoints of several tenants over one store.
 *
 * @throws VERIFIER_OPTION_INVALID, IDENTITY_CONFIG_INVALID
 * @example
 * const identity = await openIdentity({ tenants: readTenants(config),  store, urlOf: (name) => `https://wt.example.com/${name}` });
 * const { response } = await identity.answer('acme', request, '/introspect');
 */
export async function openIdentity({ tenants, store, dataFolder, urlOf }: IdentityOptions): Promise<Identity> {
  const revocation = openRevocation({ store, tenants: [...tenants.keys()], dataFolder });
  const opened = new Map<string, { parts: EndpointParts; answer: ReturnType<typeof createEndpoints> }>();
  try {
    for (const [name, config] of tenants) {
      const tenant = { config, name, store, revocation: revocation.tenant(name), baseUrl: urlOf(name) };
      const parts = await openTenant(tenant);
      opened.set(name, { parts, answer: createEndpoints(parts) });
    }
  } catch (error) {
    await revocation.close();
    throw error;
  }
  const find = (tenant: string) => {
    const found = opened.get(tenant);
    if (!found) throw new WebtaskError('IDENTITY_TENANT_UNKNOWN', { tenant });
    return found;
  };
  return {
    async answer(tenant, request, path) {
      try {
        return await find(tenant).answer(request, path);
      } catch (error) {
        return { response: refuse(error), error };
      }
    },
    revocationsOf: (tenant) => find(tenant).parts.revocation,
    verify: async (tenant, token) => find(tenant).parts.verifier.verifyAsync(token),
    revocation,
    close: revocation.close,
  };
}
