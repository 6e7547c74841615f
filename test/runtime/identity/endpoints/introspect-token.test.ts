import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { expect } from 'chai';
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { AUDIENCE, CLAIMS, ISSUER, issuerKey } from '../../../support/access-token.ts';
import { useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';

describe('introspection by RFC 7662', () => {
  const acme = useTenant();
  const introspect = (token: string, headers = {}) =>
    acme.call('POST', '/introspect', { form: { token }, as: 'reader', headers });

  it('tells what an active token says', async () => {
    const { status, json, headers } = await introspect(acme.key.sign());
    expect(status).to.equal(200);
    expect(headers.get('Cache-Control')).to.equal('no-store');
    expect(json).to.deep.equal({ active: true, token_type: 'Bearer', ...CLAIMS });
  });

  it('tells nothing but that it is not active of every other', async () => {
    const others = [
      'no token at all',
      issuerKey('k1').sign(),
      acme.key.sign({ exp: NOW - 60 }),
      acme.key.sign({ aud: 'https://other.example.com' }),
      acme.key.sign({ iss: 'https://evil.example.com/' }),
    ];
    for (const token of others) expect((await introspect(token)).json).to.deep.equal({ active: false });
  });

  it('answers as a JWT to who accepts one, which says nothing of its own that an access token would (RFC 9701)', async () => {
    const { text, headers } = await introspect(acme.key.sign(), { Accept: 'application/token-introspection+jwt' });
    expect(headers.get('Content-Type')).to.equal('application/token-introspection+jwt');
    expect(decodeProtectedHeader(text)).to.include({ alg: 'ES256', typ: 'token-introspection+jwt' });
    const { keys } = (await acme.call('GET', '/jwks.json', { as: null })).json as { keys: JsonWebKey[] };
    const [jwk = {}] = keys;
    expect(jwk).to.not.have.property('d');
    const { payload } = await compactVerify(text, await importJWK(jwk as never, 'ES256')); // as it was published
    expect(JSON.parse(Buffer.from(payload).toString())).to.deep.equal({
      iss: ISSUER,
      aud: 'reader',
      iat: NOW,
      token_introspection: { active: true, token_type: 'Bearer', ...CLAIMS, aud: AUDIENCE },
    });
    expect(createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyType).to.equal('ec');
  });

  it('tells what a token is bound to, or the API would take it for one that anybody may use (RFC 9449, RFC 8705)', async () => {
    const bound = { jkt: 'a'.repeat(43) };
    expect((await introspect(acme.key.sign({ cnf: bound }))).json).to.include({ token_type: 'DPoP' });
    expect((await introspect(acme.key.sign({ cnf: bound }))).json).to.have.deep.property('cnf', bound);
    const certificate = { 'x5t#S256': 'b'.repeat(43) };
    const { json } = await introspect(acme.key.sign({ cnf: certificate }));
    expect(json).to.include({ active: true, token_type: 'Bearer' }).and.to.have.deep.property('cnf', certificate);
  });

  it('is not asked by who may only revoke', async () => {
    expect((await acme.call('POST', '/introspect', { form: { token: acme.key.sign() }, as: 'shop' })).status).to.equal(
      403,
    );
  });
});

describe('introspection while it cannot be known', () => {
  const acme = useTenant();

  it('is a 503 with Retry-After and never "active": false, which would tell of a revocation', async () => {
    acme.identity.revocationsOf('acme').confirm = async () => ({ status: 'unknown', asOf: 0 });
    const { status, json, headers } = await acme.call('POST', '/introspect', { form: { token: acme.key.sign() } });
    expect([status, headers.get('Retry-After')]).to.deep.equal([503, '1']);
    expect(json).to.deep.equal({
      error: 'temporarily_unavailable',
      error_description: 'Whether the access token is revoked cannot be told at the moment.',
      code: 'ACCESS_TOKEN_REVOCATION_UNKNOWN',
    });
  });
});

describe('introspection without a key to sign with', () => {
  const acme = useTenant({ signingKey: undefined, statusLists: 0 });

  it('refuses to answer as a JWT, rather than unsigned', async () => {
    const headers = { Accept: 'application/token-introspection+jwt' };
    const { status, json } = await acme.call('POST', '/introspect', { form: { token: acme.key.sign() }, headers });
    expect(status).to.equal(406);
    expect(json).to.include({ code: 'REVOCATION_NOT_SIGNED' });
  });
});
