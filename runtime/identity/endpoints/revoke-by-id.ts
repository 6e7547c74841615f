import { fail } from '../../errors.ts';
import { authenticateCaller } from './authenticate.ts';
import type { Endpoint } from './parts.ts';
import { empty } from './respond.ts';
import { genuine } from './revoke-token.ts';

/**
 * The store of the original platform: `PUT /?jti=&jwt=` revokes a token of the tenant's issuer by its id, and
 * `GET /?jti=` asks: 200 revoked, 404 active, both marked by `Revocation-Status`.
 *
 * The JWT decides only how long the entry is kept: until it ends, where it is genuine and of that id.
 *
 * @throws REVOCATION_REQUEST, ACCESS_TOKEN_REVOCATION_UNKNOWN, and what {@link authenticateCaller} throws
 * @see protocol reference 1.2
 */
export const revokeById: Endpoint = async (request, { callers, issuer, revocation, revocable }) => {
  const { searchParams } = new URL(request.url);
  if (request.method !== 'GET' && request.method !== 'PUT') return empty(405, { Allow: 'GET, PUT' });
  await authenticateCaller(request, undefined, request.method === 'PUT' ? 'revoke-any' : 'introspect', callers);
  const wanted = request.method === 'PUT' ? ['jti', 'jwt'] : ['jti'];
  const [jti = '', jwt = ''] = wanted.map((name) => {
    const [value, ...others] = searchParams.getAll(name);
    if (others.length > 0) fail('REVOCATION_REQUEST', { reason: `${name} is there twice` });
    if (!value) fail('REVOCATION_REQUEST', { reason: `Missing ${name}` });
    return value;
  });

  if (request.method === 'PUT') {
    const verified = await genuine(jwt, revocable);
    const isOfThatId = verified?.claims.jti === jti;
    await revocation.revoke({
      kind: 'jti',
      iss: issuer,
      id: jti,
      source: 'put',
      ...(isOfThatId && { expires: verified.claims.exp }),
    });
    return empty(200, { 'Revocation-Status': 'revoked' });
  }
  const asked = { claims: { iss: issuer, exp: Number.MAX_SAFE_INTEGER, jti }, digest: () => '' };
  const { status } = await revocation.confirm(asked);
  if (status === 'unknown') fail('ACCESS_TOKEN_REVOCATION_UNKNOWN', { retryAfter: 1 });
  return empty(status === 'revoked' ? 200 : 404, { 'Revocation-Status': status });
};
