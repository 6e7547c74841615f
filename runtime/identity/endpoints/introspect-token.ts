import { fail, WebtaskError } from '../../errors.ts';
import type { VerifiedToken } from '../revocation-status.ts';
import { authenticateCaller } from './authenticate.ts';
import type { Endpoint, EndpointParts } from './parts.ts';
import { readForm } from './read-body.ts';
import { json } from './respond.ts';
import { genuine } from './revoke-token.ts';

const JWT_TYPE = 'application/token-introspection+jwt';
/** Claims that an answer passes on; others are between the issuer and the API. */
const PASSED_ON = [
  'scope',
  'client_id',
  'username',
  'exp',
  'iat',
  'nbf',
  'sub',
  'aud',
  'iss',
  'jti',
  'act',
  'authorization_details',
  'cnf', // without it, the API would take a token that is bound to a key as one that anybody may use
] as const;

/**
 * Says whether a token is active, as RFC 7662 has it; signed (RFC 9701) for whoever accepts
 * `application/token-introspection+jwt`.
 *
 * Of a token that is not active nothing else is said. That it could not be found out is a 503, and never `false`: who
 * asks could not tell an outage from a revocation.
 *
 * @throws REVOCATION_REQUEST, ACCESS_TOKEN_REVOCATION_UNKNOWN, REVOCATION_NOT_SIGNED, and what
 *   {@link authenticateCaller} throws
 * @see RFC 7662 section 2, RFC 9701 section 5, RFC 9449 section 6.2, RFC 8705 section 3.2, RFC 9396 section 9.2
 */
export const introspectToken: Endpoint = async (request, parts) => {
  const form = await readForm(request);
  const { clientId } = await authenticateCaller(request, form, 'introspect', parts.callers);
  const token = form.get('token') ?? fail('REVOCATION_REQUEST', { reason: 'it has no token' });
  const verified = await genuine(token, parts.verifier);
  const isActive = verified !== undefined && (await isNotRevoked(verified, parts));
  const answer = isActive ? describe(verified) : { active: false };
  if (!(request.headers.get('Accept') ?? '').toLowerCase().includes(JWT_TYPE)) return json(answer);
  const { signer } = parts;
  if (signer === undefined) return fail('REVOCATION_NOT_SIGNED');
  // It says nothing as its own claims that it could be mistaken for an access token by (RFC 9701 section 8.1).
  const claims = { ...(clientId !== undefined && { aud: clientId }), token_introspection: answer };
  return new Response(await signer.sign('token-introspection+jwt', claims), {
    headers: { 'Cache-Control': 'no-store', 'Content-Type': JWT_TYPE },
  });
};

async function isNotRevoked(token: VerifiedToken, { revocation }: EndpointParts): Promise<boolean> {
  const { status } = await revocation.confirm(token);
  if (status === 'unknown') throw new WebtaskError('ACCESS_TOKEN_REVOCATION_UNKNOWN', { retryAfter: 1 });
  return status === 'active';
}

function describe({ claims }: VerifiedToken): Record<string, unknown> {
  const passedOn = PASSED_ON.filter((name) => claims[name] !== undefined).map((name) => [name, claims[name]]);
  const { jkt } = (claims.cnf ?? {}) as { jkt?: unknown }; // only looked at
  return { active: true, token_type: jkt === undefined ? 'Bearer' : 'DPoP', ...Object.fromEntries(passedOn) };
}
