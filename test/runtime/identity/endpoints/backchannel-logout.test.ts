import { expect } from 'chai';
import { CLAIMS, ISSUER } from '../../../support/access-token.ts';
import { useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const LOGOUT = { aud: 'rp', sub: 'auth0|ada', sid: 's1', iat: NOW, exp: NOW + 120, jti: 'l1', events: EVENTS };

describe('the logout token of an OpenID provider', () => {
  const acme = useTenant();
  const logoutToken = (claims = {}, typ: string | undefined = 'logout+jwt') =>
    acme.key.sign({ client_id: undefined, scope: undefined, ...LOGOUT, ...claims }, { typ });
  const send = (logout_token: string) => acme.call('POST', '/backchannel-logout', { form: { logout_token }, as: null });
  const isActive = async (claims: object): Promise<unknown> => {
    const form = { token: acme.key.sign({ ...CLAIMS, ...claims }) };
    return ((await acme.call('POST', '/introspect', { form })).json as { active: boolean }).active;
  };

  it('ends the session that it names, and no other of its user', async () => {
    const { status, headers } = await send(logoutToken());
    expect([status, headers.get('Cache-Control')]).to.deep.equal([200, 'no-store']);
    expect(await isActive({ sid: 's1' })).to.equal(false);
    expect(await isActive({ sid: 's2' })).to.equal(true);
  });

  it('ends all sessions of its user until it was issued, where it names none', async () => {
    await send(logoutToken({ sid: undefined, iat: NOW - 10 }));
    expect(await isActive({ iat: NOW - 10 })).to.equal(false);
    expect(await isActive({ iat: NOW - 9 })).to.equal(true);
  });

  it('is taken again without harm', async () => {
    const token = logoutToken();
    expect([(await send(token)).status, (await send(token)).status]).to.deep.equal([200, 200]);
  });

  it('may lack its typ, as older providers have it', async () => {
    expect((await send(logoutToken({}, undefined))).status).to.equal(200);
  });

  const refused: [what: string, token: () => string, reason: string][] = [
    ['an id token, by its nonce', () => logoutToken({ nonce: 'n' }), 'it has a nonce'],
    ['one whose events name no logout', () => logoutToken({ events: { other: {} } }), 'its events name no logout'],
    ['one that names nobody', () => logoutToken({ sub: undefined, sid: undefined }), 'it has neither sub nor sid'],
    [
      'an access token',
      () => acme.key.sign(),
      'The token is of type at+jwt, and no access token: that is logout+jwt or none or jwt',
    ],
    ['one for another client', () => logoutToken({ aud: 'other' }), 'The access token is not meant for rp'],
    [
      'one of another issuer',
      () => logoutToken({ iss: `${ISSUER}x` }),
      `The access token is from another issuer than ${ISSUER}`,
    ],
    ['one without events', () => logoutToken({ events: undefined }), 'The access token lacks the claim events'],
    ['one that has ended', () => logoutToken({ exp: NOW - 60 }), 'The access token has expired'],
  ];
  for (const [what, token, reason] of refused) {
    it(`is refused with 400 (section 2.8), and ends nothing: ${what}`, async () => {
      const { status, json } = await send(token());
      expect(status).to.equal(400);
      expect(json).to.deep.equal({
        error: 'invalid_request',
        error_description: `The token is no logout token: ${reason}.`,
        code: 'LOGOUT_TOKEN_INVALID',
      });
      expect(await isActive({ sid: 's1' })).to.equal(true);
    });
  }
});

describe('a logout token where none is expected', () => {
  const acme = useTenant({ logoutAudience: undefined });

  it('finds nothing, and is told what is missing', async () => {
    const { status, json } = await acme.call('POST', '/backchannel-logout', { form: { logout_token: 'x' }, as: null });
    expect(status).to.equal(404);
    expect(json).to.include({ code: 'LOGOUT_NOT_CONFIGURED' });
  });
});
