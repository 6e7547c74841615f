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

  const refused: [what: string, token: () => string, code: string][] = [
    ['an id token, by its nonce', () => logoutToken({ nonce: 'n' }), 'LOGOUT_TOKEN_INVALID'],
    ['one whose events name no logout', () => logoutToken({ events: { other: {} } }), 'LOGOUT_TOKEN_INVALID'],
    ['one that names nobody', () => logoutToken({ sub: undefined, sid: undefined }), 'LOGOUT_TOKEN_INVALID'],
    ['an access token', () => acme.key.sign(), 'ACCESS_TOKEN_TYPE'],
    ['one for another client', () => logoutToken({ aud: 'other' }), 'ACCESS_TOKEN_AUDIENCE'],
    ['one of another issuer', () => logoutToken({ iss: `${ISSUER}x` }), 'ACCESS_TOKEN_ISSUER'],
    ['one without events', () => logoutToken({ events: undefined }), 'ACCESS_TOKEN_CLAIM_MISSING'],
    ['one that has ended', () => logoutToken({ exp: NOW - 60 }), 'ACCESS_TOKEN_EXPIRED'],
  ];
  for (const [what, token, code] of refused) {
    it(`is refused, and ends nothing: ${what}`, async () => {
      const { status, json } = await send(token());
      expect(status).to.be.within(400, 401);
      expect(json).to.include({ code });
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
