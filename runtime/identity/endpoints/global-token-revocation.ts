import { fail } from '../../errors.ts';
import { authenticateCaller } from './authenticate.ts';
import type { Endpoint } from './parts.ts';
import { readJson } from './read-body.ts';
import { empty } from './respond.ts';

/**
 * Revokes all that was issued to a user until now, as the draft of Global Token Revocation has it. A user is named by
 * issuer and subject (`iss_sub`), or by subject alone (`opaque`).
 *
 * @throws REVOCATION_REQUEST, REVOCATION_SUBJECT_FORMAT, and what {@link authenticateCaller} throws
 * @see draft-parecki-oauth-global-token-revocation section 3, RFC 9493 section 3
 */
export const revokeAllOfUser: Endpoint = async (request, { callers, issuer, revocation }) => {
  await authenticateCaller(request, undefined, 'revoke-any', callers);
  const { sub_id } = await readJson(request);
  if (typeof sub_id !== 'object' || sub_id === null) fail('REVOCATION_REQUEST', { reason: 'it has no sub_id' });
  const { format, iss, sub, id } = sub_id as Record<string, unknown>; // each is looked at
  if (format !== 'iss_sub' && format !== 'opaque') {
    return fail('REVOCATION_SUBJECT_FORMAT', { format: typeof format === 'string' ? format : 'nothing' });
  }
  if (format === 'iss_sub' && iss !== issuer) fail('REVOCATION_REQUEST', { reason: `its iss is not ${issuer}` });
  const subject = format === 'iss_sub' ? sub : id;
  if (typeof subject !== 'string' || subject === '') {
    return fail('REVOCATION_REQUEST', { reason: `its sub_id names nobody` });
  }
  await revocation.revoke({ kind: 'sub', iss: issuer, id: subject, source: 'global-token-revocation' });
  return empty(204);
};
