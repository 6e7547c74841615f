import { expect } from 'chai';
import { moveDate } from '../../../../runtime/harness/index.ts';
import { ISSUER, issuerKey } from '../../../support/access-token.ts';
import { useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';
import { verified } from '../../../support/revocation.ts';

describe('revocation by RFC 7009', () => {
  const acme = useTenant();
  const revoke = (token: string, asked = {}) => acme.call('POST', '/revoke', { form: { token }, as: 'shop', ...asked });
  const isActive = async (token: string): Promise<unknown> =>
    (await acme.call('POST', '/introspect', { form: { token } })).json;

  it('revokes a token with an empty 200, and that one alone', async () => {
    const [one, other] = [acme.key.sign({ jti: 'one' }), acme.key.sign({ jti: 'other' })];
    const { status, text, headers } = await revoke(one);
    expect({ status, text, caching: headers.get('Cache-Control') }).to.deep.equal({
      status: 200,
      text: '',
      caching: 'no-store',
    });
    expect(await isActive(one)).to.deep.equal({ active: false });
    expect(await isActive(other)).to.include({ active: true, jti: 'other' });
  });

  it('answers the second time as the first, and so for a token that has ended or is not genuine (section 2.2)', async () => {
    const token = acme.key.sign();
    const forged = issuerKey('k1').sign();
    const ended = acme.key.sign({ iat: NOW - 7200, exp: NOW - 3600 });
    for (const sent of [token, token, forged, ended]) expect((await revoke(sent)).status).to.equal(200);
  });

  it('knows a token however its signature is spelled, since that is no part of what is revoked', async () => {
    const withoutId = acme.key.sign({ jti: undefined });
    // requiredClaims of RFC 9068 have jti: such a token is not genuine here, and the next tenant has them
    expect(await isActive(withoutId)).to.deep.equal({ active: false });
    expect((await revoke(withoutId)).status).to.equal(200);
  });

  it('takes back what has ended by this clock and not by another, since others still take it', async () => {
    const ended = acme.key.sign({ jti: 'ended', exp: NOW - 60 });
    expect((await revoke(ended)).status).to.equal(200);
    const found = await acme.identity
      .revocationsOf('acme')
      .confirm(verified({ iss: ISSUER, exp: NOW - 60, jti: 'ended' }));
    expect(found).to.include({ status: 'revoked', by: 'jti' });
    expect(await isActive(ended)).to.deep.equal({ active: false });
  });

  it('takes back what begins to hold soon, and refuses what does later: 200 would mean that it is revoked', async () => {
    const soon = acme.key.sign({ jti: 'soon', nbf: NOW + 60 });
    expect((await revoke(soon)).status).to.equal(200);
    moveDate(60_000);
    expect(await isActive(soon)).to.deep.equal({ active: false });
    const { status, json } = await revoke(acme.key.sign({ jti: 'later', nbf: NOW + 1000 }));
    expect(status).to.equal(400);
    expect(json).to.deep.equal({
      error: 'invalid_request',
      error_description: 'The request cannot be understood: its token is not valid yet.',
      code: 'REVOCATION_REQUEST',
    });
  });

  it('takes back a token that says it ends in the year 9999', async () => {
    const endless = acme.key.sign({ jti: 'endless', exp: 253_402_300_799 });
    expect((await revoke(endless)).status).to.equal(200);
    expect(await isActive(endless)).to.deep.equal({ active: false });
  });

  it('refuses what is no JWT: who sent it would take it to be revoked', async () => {
    expect((await revoke('an-opaque-refresh-token')).json).to.deep.equal({
      error: 'unsupported_token_type',
      error_description: 'Only access tokens that are JWTs can be revoked here.',
      code: 'REVOCATION_TOKEN_TYPE',
    });
  });

  it("refuses another client's token (section 2.1)", async () => {
    const { status, json } = await revoke(acme.key.sign({ client_id: 'somebody' }));
    expect(status).to.equal(400);
    expect(json).to.deep.equal({
      error: 'invalid_grant',
      error_description: 'The token was issued to another client.',
      code: 'REVOCATION_OTHER_CLIENT',
    });
  });

  it('refuses a request without a token, with two, of another type, or by another method', async () => {
    const form = (body: string) =>
      acme.call('POST', '/revoke', { json: body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
    const descriptionOf = async (answer: Promise<{ json: unknown }>) =>
      ((await answer).json as { error_description: string }).error_description;
    expect(await descriptionOf(form(''))).to.equal('The request cannot be understood: it has no token.');
    expect(await descriptionOf(form('token=a&token=b'))).to.equal(
      'The request cannot be understood: it has token more than once.',
    );
    expect(await descriptionOf(acme.call('POST', '/revoke', { json: { token: 'a' } }))).to.equal(
      'The request cannot be understood: its Content-Type is not application/x-www-form-urlencoded.',
    );
    expect(await descriptionOf(form(`token=${'a'.repeat(70_000)}`))).to.equal(
      'The request cannot be understood: its body has more than 65536 bytes.',
    );
    const got = await acme.call('GET', '/revoke');
    expect([got.status, got.headers.get('Allow')]).to.deep.equal([405, 'POST']);
  });
});

describe('who may call', () => {
  const acme = useTenant();
  const revoke = (asked: object) => acme.call('POST', '/revoke', { form: { token: acme.key.sign() }, ...asked });

  it('is a client with its secret, in the header or in the form', async () => {
    expect((await revoke({ as: 'shop' })).status).to.equal(200);
    const form = { token: acme.key.sign(), client_id: 'shop', client_secret: 'shop' };
    expect((await revoke({ as: null, form })).status).to.equal(200);
  });

  it('is nobody without a secret, with a wrong one, or by the name of what every object has', async () => {
    const refused = [
      { as: null },
      { as: 'nobody' },
      { as: '__proto__' },
      { as: 'constructor' },
      { as: null, headers: { Authorization: `Basic ${Buffer.from('shop:wrong').toString('base64')}` } },
      { as: null, headers: { Authorization: 'Basic %%%' } },
      { as: null, headers: { Authorization: 'Digest x' } },
    ];
    for (const asked of refused) {
      const { status, json, headers } = await revoke(asked);
      expect(status, JSON.stringify(asked)).to.equal(401);
      expect(json).to.include({ error: 'invalid_client', code: 'CALLER_UNAUTHENTICATED' });
      expect(headers.get('WWW-Authenticate')).to.equal('Basic realm="revocation", Bearer realm="revocation"');
    }
  });

  it('needs the scope of what it does', async () => {
    const { status, json } = await revoke({ as: 'reader' });
    expect(status).to.equal(403);
    expect(json).to.deep.equal({
      error: 'insufficient_scope',
      error_description: 'The caller does not have the scope revoke.',
      code: 'CALLER_SCOPE',
    });
  });

  it('may be an access token with the scope, as long as it is not revoked itself', async () => {
    const bearer = acme.key.sign({ jti: 'admin', client_id: 'shop', scope: 'openid revocation:revoke' });
    const asked = { as: null, headers: { Authorization: `Bearer ${bearer}` } };
    expect((await revoke(asked)).status).to.equal(200);
    expect(
      (await revoke({ as: null, headers: { Authorization: `Bearer ${acme.key.sign({ jti: 'plain' })}` } })).status,
    ).to.equal(403);
    await revoke({ as: 'shop', form: { token: bearer } });
    const { json, headers } = await revoke(asked);
    expect(json).to.deep.equal({
      error: 'invalid_token',
      error_description: 'Who calls could not be found out: The access token is revoked.',
      code: 'CALLER_UNAUTHENTICATED',
    });
    expect(headers.get('WWW-Authenticate')).to.equal('Bearer realm="revocation", error="invalid_token"');
  });

  const withToken = (claims: object) =>
    revoke({ as: null, headers: { Authorization: `Bearer ${acme.key.sign({ jti: 'caller', ...claims })}` } });

  it('is told which scope its access token lacks (RFC 6750 section 3)', async () => {
    const { status, headers } = await withToken({});
    expect(status).to.equal(403);
    expect(headers.get('WWW-Authenticate')).to.equal(
      'Bearer realm="revocation", error="insufficient_scope", scope="revocation:revoke"',
    );
  });

  it('is not who has stolen an access token that is bound to a key (RFC 9449)', async () => {
    const { status, json } = await withToken({ scope: 'revocation:revoke', cnf: { jkt: 'a'.repeat(43) } });
    expect(status).to.equal(401);
    expect(json).to.deep.equal({
      error: 'invalid_token',
      error_description: 'Who calls could not be found out: the token is bound to a key of its owner.',
      code: 'CALLER_UNAUTHENTICATED',
    });
  });

  it('is one, by one method: a secret in the form beside the header is refused, in the query it is none', async () => {
    const form = { token: acme.key.sign(), client_id: 'shop', client_secret: 'shop' };
    const { status, json } = await revoke({ as: 'shop', form });
    expect(status).to.equal(400);
    expect(json).to.deep.equal({
      error: 'invalid_request',
      error_description: 'The request cannot be understood: it has credentials in the header and in the form.',
      code: 'REVOCATION_REQUEST',
    });
    const query = '/revoke?client_id=shop&client_secret=shop';
    expect((await acme.call('POST', query, { form: { token: acme.key.sign() }, as: null })).status).to.equal(401);
    const digest = { Authorization: 'Digest username="shop"' };
    const inForm = { token: acme.key.sign(), client_id: 'shop' };
    expect((await revoke({ as: null, headers: digest, form: inForm })).status).to.equal(401);
  });

  it("may revoke its own tokens by the scope revoke, and nobody else's", async () => {
    const asked: [method: string, path: string, json: object | undefined][] = [
      ['POST', '/subjects', { sub: 'auth0|ada' }],
      ['POST', '/global-token-revocation', { sub_id: { format: 'opaque', id: 'auth0|ada' } }],
      ['PUT', '/?jti=a1&jwt=x', undefined],
      ['PUT', '/status-lists/0/1', { status: 1 }],
    ];
    for (const [method, path, json] of asked) {
      expect((await acme.call(method, path, { json, as: 'shop' })).json, path).to.include({
        error_description: 'The caller does not have the scope revoke-any.',
      });
    }
  });

  it('finds nothing at a longer path, which whoever stands in front may have no rule for', async () => {
    for (const path of ['/revoke/', '/revoke/x', '//revoke', '/%72evoke']) {
      expect((await acme.call('POST', path, { form: { token: acme.key.sign() } })).status, path).to.equal(404);
    }
  });
});

describe('revocation by RFC 7009 of an issuer that says azp in place of client_id', () => {
  const acme = useTenant({ requiredClaims: ['iat', 'jti'] });

  it("refuses another client's token to who calls with an access token, too", async () => {
    const bearer = acme.key.sign({ jti: 'caller', client_id: undefined, azp: 'shop', scope: 'revocation:revoke' });
    const headers = { Authorization: `Bearer ${bearer}` };
    const revoke = (claims: object) =>
      acme.call('POST', '/revoke', { form: { token: acme.key.sign(claims) }, as: null, headers });
    expect((await revoke({ client_id: undefined, azp: 'other' })).json).to.include({ code: 'REVOCATION_OTHER_CLIENT' });
    expect((await revoke({ client_id: undefined, azp: 'shop' })).status).to.equal(200);
  });
});
