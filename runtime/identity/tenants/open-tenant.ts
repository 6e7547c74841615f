import { fail } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import type { EndpointParts } from '../endpoints/parts.ts';
import { checkTimes } from '../read-claims.ts';
import type { TenantRevocations } from '../revocation/index.ts';
import type { VerifiedToken } from '../revocation-status.ts';
import { MAX_CLOCK_TOLERANCE, readOptions, type VerifierRules } from '../verifier-options.ts';
import { createVerifier, type Verifier } from '../verify.ts';
import type { TenantConfig } from './read-config.ts';

/** What a tenant is opened with. */
export interface TenantOptions {
  readonly config: TenantConfig;
  readonly name: string;
  readonly store: Store;
  readonly revocation: TenantRevocations;
  /** The public URL of the tenant's endpoints, without a slash at the end. */
  readonly baseUrl: string;
}

/**
 * Puts together what the endpoints of a tenant work with.
 *
 * @throws VERIFIER_OPTION_INVALID, IDENTITY_CONFIG_INVALID
 */
export async function openTenant({ config, name, store, revocation, baseUrl }: TenantOptions): Promise<EndpointParts> {
  const { clients = {}, logoutAudience, signingKey, statusLists = 0, ...options } = config;
  const rules = readOptions(options);
  const revocable = createVerifier({ ...options, clockTolerance: MAX_CLOCK_TOLERANCE });
  const verifier = { verifyAsync: (token: string) => verifyNow(token, revocable, rules) };
  const { jwks, jwksUri, algorithms, maxTokenAge } = options;
  const logoutVerifier =
    logoutAudience === undefined
      ? undefined
      : createVerifier({
          issuer: options.issuer,
          audience: logoutAudience,
          typ: ['logout+jwt', null, 'JWT'], // the first is what the specification asks for, and older providers lack
          requiredClaims: ['iat', 'jti', 'events'],
          ...(jwks && { jwks }),
          ...(jwksUri !== undefined && { jwksUri }),
          ...(algorithms && { algorithms }),
        });
  const signer =
    signingKey === undefined
      ? undefined
      : await (await import('../endpoints/sign-jwt.ts')).createJwtSigner(signingKey, options.issuer);
  const lists =
    signer && statusLists > 0
      ? (await import('../status-list/published-lists.ts')).createPublishedLists({
          store,
          tenant: name,
          signer,
          baseUri: `${baseUrl}/status-lists/`,
          count: statusLists,
          now: () => Date.now() / 1000,
        })
      : undefined;
  return {
    issuer: options.issuer,
    verifier,
    revocable,
    logoutVerifier,
    callers: { clients, verifier: { verifyAsync: (token) => verifyActive(token, verifier, revocation) } },
    revocation: maxTokenAge === undefined ? revocation : endingAfter(maxTokenAge, revocation),
    statusLists: lists,
    signer,
  };
}

/** Where no token lives longer than that, no entry has to: each ends with the last token that it forbids. */
function endingAfter(maxTokenAge: number, revocation: TenantRevocations): TenantRevocations {
  return {
    ...revocation,
    revoke: (it) =>
      revocation.revoke({ ...it, expires: it.expires ?? (it.notBefore ?? Date.now() / 1000) + maxTokenAge }),
  };
}

/** Checks a token by this clock, which a verifier is more patient with. */
async function verifyNow(token: string, patient: Verifier, rules: VerifierRules): Promise<VerifiedToken> {
  const verified = await patient.verifyAsync(token);
  checkTimes(verified.claims, rules, Date.now() / 1000);
  return verified;
}

/** Who brings a token that is revoked, or may be, revokes nothing with it. */
async function verifyActive(
  token: string,
  verifier: Pick<Verifier, 'verifyAsync'>,
  revocation: TenantRevocations,
): Promise<VerifiedToken> {
  const verified = await verifier.verifyAsync(token);
  const known = revocation.check(verified);
  // Only then the store is asked: a follower of the feed comes four times a second.
  const { status } = known.status === 'unknown' ? await revocation.confirm(verified) : known;
  if (status === 'revoked') fail('ACCESS_TOKEN_REVOKED');
  if (status === 'unknown') fail('ACCESS_TOKEN_REVOCATION_UNKNOWN', { retryAfter: 1 });
  return verified;
}
