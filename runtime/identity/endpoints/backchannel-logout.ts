import { fail, WebtaskError } from '../../errors.ts';
import type { Endpoint } from './parts.ts';
import { readForm } from './read-body.ts';
import { empty } from './respond.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Takes the logout token of an OpenID provider: the session that it names has ended, or, where it names none, every
 * session of its user until then. The token is the credential.
 *
 * Nobody is asked to sign in for it: whatever is wrong with the token is a 400. What cannot be known or kept at the moment
 * is a 503, so that the provider comes again.
 *
 * @throws REVOCATION_REQUEST, LOGOUT_TOKEN_INVALID, LOGOUT_NOT_CONFIGURED, JWKS_UNAVAILABLE, STORE_UNREACHABLE
 * @see OpenID Connect Back-Channel Logout 1.0 sections 2.4 to 2.8
 */
export const receiveLogout: Endpoint = async (request, { issuer, logoutVerifier, revocation }) => {
  if (logoutVerifier === undefined) return fail('LOGOUT_NOT_CONFIGURED');
  const form = await readForm(request);
  const token = form.get('logout_token') ?? fail('REVOCATION_REQUEST', { reason: 'it has no logout_token' });
  const { claims } = await logoutVerifier.verifyAsync(token).catch((error: unknown) => {
    if (!(error instanceof WebtaskError) || error.status >= 500) throw error;
    return fail('LOGOUT_TOKEN_INVALID', { reason: error.message.replace(/\.$/, '') }, { cause: error });
  });
  const { sub, sid, iat, events, nonce } = claims;
  // An id token has one: it must not pass for a logout token (section 2.4).
  if (nonce !== undefined) fail('LOGOUT_TOKEN_INVALID', { reason: 'it has a nonce' });
  const event = typeof events === 'object' && events !== null ? (events as Record<string, unknown>)[EVENT] : undefined;
  if (typeof event !== 'object' || event === null)
    fail('LOGOUT_TOKEN_INVALID', { reason: 'its events name no logout' });
  if (sid !== undefined) await revocation.revoke({ kind: 'sid', iss: issuer, id: sid, source: 'backchannel-logout' });
  else if (sub !== undefined) {
    await revocation.revoke({ kind: 'sub', iss: issuer, id: sub, notBefore: iat, source: 'backchannel-logout' });
  } else fail('LOGOUT_TOKEN_INVALID', { reason: 'it has neither sub nor sid' });
  return empty(200);
};
