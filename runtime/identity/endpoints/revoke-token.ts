import { fail, WebtaskError } from '../../errors.ts';
import { revocationOf } from '../revocation/index.ts';
import type { VerifiedToken } from '../revocation-status.ts';
import { STATUS } from '../status-list/status-list.ts';
import type { Verifier } from '../verify.ts';
import { authenticateCaller } from './authenticate.ts';
import type { Endpoint } from './parts.ts';
import { readForm } from './read-body.ts';
import { empty } from './respond.ts';

/**
 * Revokes an access token, as RFC 7009 has it.
 *
 * A token that is not genuine, or has ended by every clock, is no error, as the RFC demands: nothing is left to be revoked.
 * What is no JWT is refused, and so is one that is not valid yet by any clock: whoever sent it would take it to be revoked.
 *
 * @throws REVOCATION_REQUEST, REVOCATION_TOKEN_TYPE, REVOCATION_OTHER_CLIENT, and what {@link authenticateCaller} throws
 * @see RFC 7009 section 2
 */
export const revokeToken: Endpoint = async (request, { callers, revocable, revocation, statusLists }) => {
  const form = await readForm(request);
  const caller = await authenticateCaller(request, form, 'revoke', callers);
  const token = form.get('token') ?? fail('REVOCATION_REQUEST', { reason: 'it has no token' });
  if (token.split('.').length !== 3) fail('REVOCATION_TOKEN_TYPE');
  const verified = await genuine(token, revocable, ({ code }) => {
    if (code === 'ACCESS_TOKEN_NOT_YET_VALID') fail('REVOCATION_REQUEST', { reason: 'its token is not valid yet' });
  });
  if (verified === undefined) return empty(200);
  const owner = verified.claims.client_id ?? verified.claims.azp;
  if (caller.clientId !== undefined && owner !== undefined && owner !== caller.clientId)
    fail('REVOCATION_OTHER_CLIENT');
  await revocation.revoke({ ...revocationOf(verified), source: 'rfc7009' });
  const place = statusLists?.placeIn(verified.claims);
  if (place) await statusLists?.set(place.list, place.index, STATUS.invalid);
  return empty(200);
};

/**
 * Gives a token that is genuine and has not ended. What could not be found out is thrown.
 *
 * @param onRefused - is told why one is not, and may throw
 */
export async function genuine(
  token: string,
  verifier: Pick<Verifier, 'verifyAsync'>,
  onRefused: (error: WebtaskError) => void = () => undefined,
): Promise<VerifiedToken | undefined> {
  try {
    return await verifier.verifyAsync(token);
  } catch (error) {
    if (!(error instanceof WebtaskError) || error.status >= 500) throw error;
    onRefused(error);
    return undefined;
  }
}
