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
 * A token that is not genuine, or has ended, is no error, as the RFC demands: nothing is left to be revoked. What is no
 * JWT is refused, since whoever sent it would take it to be revoked.
 *
 * @throws REVOCATION_REQUEST, REVOCATION_TOKEN_TYPE, REVOCATION_OTHER_CLIENT, and what {@link authenticateCaller} throws
 * @see RFC 7009 section 2
 */
export const revokeToken: Endpoint = async (request, { callers, verifier, revocation, statusLists }) => {
  const form = await readForm(request);
  const caller = await authenticateCaller(request, form, 'revoke', callers);
  const token = form.get('token') ?? fail('REVOCATION_REQUEST', { reason: 'it has no token' });
  if (token.split('.').length !== 3) fail('REVOCATION_TOKEN_TYPE');
  const verified = await genuine(token, verifier);
  if (verified === undefined) return empty(200);
  const owner = verified.claims.client_id ?? verified.claims.azp;
  if (caller.clientId !== undefined && owner !== undefined && owner !== caller.clientId)
    fail('REVOCATION_OTHER_CLIENT');
  await revocation.revoke({ ...revocationOf(verified), source: 'rfc7009' });
  const place = statusLists?.placeIn(verified.claims);
  if (place) await statusLists?.set(place.list, place.index, STATUS.invalid);
  return empty(200);
};

/** Gives a token that is genuine and has not ended. What could not be found out is thrown. */
export async function genuine(
  token: string,
  verifier: Pick<Verifier, 'verifyAsync'>,
): Promise<VerifiedToken | undefined> {
  try {
    return await verifier.verifyAsync(token);
  } catch (error) {
    if (error instanceof WebtaskError && error.status < 500) return undefined;
    throw error;
  }
}
