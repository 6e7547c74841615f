import { fail } from '../../errors.ts';
import type { NewRevocation, RevocationKind } from '../revocation/index.ts';
import { authenticateCaller } from './authenticate.ts';
import type { Endpoint } from './parts.ts';
import { readJson } from './read-body.ts';
import { empty } from './respond.ts';

/** What a body may name, and the kind of entry it becomes. */
const NAMES = { sub: 'sub', sid: 'sid', client_id: 'client', grant_id: 'grant', jti: 'jti' } as const satisfies Record<
  string,
  RevocationKind
>;
const OTHERS = ['not_before', 'reason', 'iss'];

/**
 * Revokes what was issued to somebody or something: `{"sub": "user 1", "not_before": 1790000000, "reason": "left"}`. In
 * place of `sub` there may be one of `sid`, `client_id`, `grant_id` or `jti`; with none of them it is the whole issuer.
 *
 * `not_before` is in seconds: what was issued then or before is revoked. It is now where nothing is said.
 *
 * @throws REVOCATION_REQUEST, what `toEntry` throws, and what {@link authenticateCaller} throws
 */
export const revokeSubject: Endpoint = async (request, { callers, issuer, revocation }) => {
  await authenticateCaller(request, undefined, 'revoke-any', callers);
  const body = await readJson(request);
  const unknown = Object.keys(body).find((name) => !Object.hasOwn(NAMES, name) && !OTHERS.includes(name));
  if (unknown !== undefined) fail('REVOCATION_REQUEST', { reason: `it has the member ${JSON.stringify(unknown)}` });
  const named = Object.entries(NAMES).filter(([name]) => Object.hasOwn(body, name));
  if (named.length > 1) fail('REVOCATION_REQUEST', { reason: `it names ${named.map(([name]) => name).join(' and ')}` });
  // One that was cut short must not become the revocation of everybody.
  if (named.length === 0 && body.iss !== issuer) {
    fail('REVOCATION_REQUEST', { reason: 'it names nobody; to revoke the whole issuer, say iss' });
  }
  if (body.iss !== undefined && body.iss !== issuer) fail('REVOCATION_REQUEST', { reason: `its iss is not ${issuer}` });
  const [[name, kind] = ['', 'issuer' as const]] = named;
  // `revoke` looks at what each of them is.
  await revocation.revoke({
    kind,
    iss: issuer,
    id: body[name],
    notBefore: body.not_before,
    reason: body.reason,
    source: 'subject',
  } as NewRevocation);
  return empty(204);
};
