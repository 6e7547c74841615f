import { expect } from 'chai';
import { issuerKey } from '../../../support/access-token.ts';
import { useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';

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
      expect(headers.get('WWW-Authenticate')).to.equal(
        'Basic realm="revocation", Bearer realm="revocation", error="invalid_client"',
      );
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
    expect((await revoke(asked)).json).to.deep.equal({
      error: 'invalid_client',
      error_description: 'Who calls could not be found out: The access token is revoked.',
      code: 'CALLER_UNAUTHENTICATED',
    });
  });
});
