import { fail } from '../../errors.ts';
import type { CallerScope, Client } from '../endpoints/authenticate.ts';
import type { VerifierOptions } from '../verifier-options.ts';
import { createVerifier } from '../verify.ts';

/** A tenant: an issuer whose access tokens can be revoked here, and who may do it. */
export interface TenantConfig extends VerifierOptions {
  /** Who may call with a secret, by `client_id`. */
  readonly clients?: Readonly<Record<string, Client>>;
  /** The `client_id` that the issuer's logout tokens name in `aud`; none are taken without it. */
  readonly logoutAudience?: string;
  /** Private key in PEM that signs introspection answers and status lists. */
  readonly signingKey?: string;
  /** How many status lists are published, 0 unless given. */
  readonly statusLists?: number;
}

const MEMBERS: ReadonlySet<string> = new Set([
  'issuer',
  'audience',
  'algorithms',
  'jwks',
  'jwksUri',
  'clockTolerance',
  'maxTokenAge',
  'requiredClaims',
  'typ',
  'clients',
  'logoutAudience',
  'signingKey',
  'statusLists',
]);
const SCOPES: ReadonlySet<unknown> = new Set<CallerScope>(['revoke', 'revoke-any', 'introspect', 'feed']);
const MAX_STATUS_LISTS = 1000;

/**
 * Reads the tenants of a server: `{"tenants": {"acme": {"issuer": ..., "audience": ..., "clients": ...}}}`.
 *
 * What is not known is refused: a setting that is misspelled would otherwise leave its default in place.
 *
 * @throws IDENTITY_CONFIG_INVALID, VERIFIER_OPTION_INVALID
 */
export function readTenants(config: unknown): ReadonlyMap<string, TenantConfig> {
  const { tenants, ...others } = objectAt(config, 'the file');
  const [other] = Object.keys(others);
  if (other !== undefined) refuse(other, 'there is no such setting');
  const entries = Object.entries(objectAt(tenants, 'tenants'));
  if (entries.length === 0) refuse('tenants', 'there is none');
  return new Map(entries.map(([name, tenant]) => [name, readTenant(name, tenant)]));
}

/**
 * Reads one tenant. Issuer, audience and keys are looked at by its verifier.
 *
 * @throws IDENTITY_CONFIG_INVALID, VERIFIER_OPTION_INVALID
 */
export function readTenant(name: string, value: unknown): TenantConfig {
  if (!/^(?!\.{1,2}$)[\w.-]{1,64}$/.test(name))
    refuse(`tenants.${name}`, 'its name is not 1 to 64 letters, digits, dots, dashes');
  const config = objectAt(value, `tenants.${name}`);
  for (const member of Object.keys(config)) {
    if (!MEMBERS.has(member)) refuse(`tenants.${name}.${member}`, 'there is no such setting');
  }
  const { clients = {}, logoutAudience, signingKey, statusLists = 0 } = config;
  for (const [id, client] of Object.entries(objectAt(clients, `tenants.${name}.clients`))) {
    checkClient(client, `tenants.${name}.clients.${id}`);
  }
  for (const [member, text] of Object.entries({ logoutAudience, signingKey })) {
    if (text !== undefined && typeof text !== 'string') refuse(`tenants.${name}.${member}`, 'it is not a text');
  }
  const isCount = Number.isInteger(statusLists) && Number(statusLists) >= 0 && Number(statusLists) <= MAX_STATUS_LISTS;
  if (!isCount) refuse(`tenants.${name}.statusLists`, `it is no number from 0 to ${MAX_STATUS_LISTS}`);
  if (Number(statusLists) > 0 && signingKey === undefined)
    refuse(`tenants.${name}.statusLists`, 'there is no signingKey');
  const tenant = config as unknown as TenantConfig; // what is left is for the verifier to check
  const { clients: _, logoutAudience: __, signingKey: ___, statusLists: ____, ...options } = tenant;
  createVerifier(options);
  return tenant;
}

function checkClient(value: unknown, what: string): void {
  const { secretSha256, scopes, ...others } = objectAt(value, what);
  const [other] = Object.keys(others);
  if (other !== undefined) refuse(`${what}.${other}`, 'there is no such setting');
  if (typeof secretSha256 !== 'string' || !/^[0-9a-f]{64}$/.test(secretSha256)) {
    refuse(`${what}.secretSha256`, 'it is no SHA-256 in hexadecimal');
  }
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every((scope) => SCOPES.has(scope))) {
    refuse(`${what}.scopes`, `it is not a list of ${[...SCOPES].join(', ')}`);
  }
}

function objectAt(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, 'it is not an object');
  return value as Record<string, unknown>; // just checked
}

function refuse(what: string, reason: string): never {
  return fail('IDENTITY_CONFIG_INVALID', { what, reason });
}
