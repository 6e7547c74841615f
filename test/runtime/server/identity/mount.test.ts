import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { issuerKey } from '../../../support/access-token.ts';
import { acmeConfig, basic, SIGNING_KEY } from '../../../support/identity.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { ask, startTestServer, type TestServer } from '../../../support/server.ts';

const key = issuerKey('k1');
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

describe('identity on a server', () => {
  let folder = '';
  let file = '';
  let server: TestServer;
  const token = (claims = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return key.sign({ iat: now - 5, exp: now + 600, ...claims });
  };
  const post = (path: string, body: string, client = 'api') =>
    ask(`${server.url}/api/identity/acme${path}`, {
      method: 'POST',
      headers: { ...FORM, Authorization: basic(client) },
      body,
    });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-identity-'));
    writeFileSync(join(folder, 'signing.pem'), SIGNING_KEY);
    file = join(folder, 'identity.json');
    const config = acmeConfig(key, { signingKey: join(folder, 'signing.pem') });
    writeFileSync(file, JSON.stringify({ tenants: { acme: config } }));
    server = await startTestServer(5_000, { identityFile: file });
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('revokes and introspects below /api/identity/{tenant}', async () => {
    expect(JSON.parse((await post('/introspect', `token=${token()}`)).body)).to.include({ active: true });
    expect((await post('/revoke', `token=${token()}`, 'shop')).status).to.equal(200);
    expect(JSON.parse((await post('/introspect', `token=${token()}`)).body)).to.deep.equal({ active: false });
  });

  it('keeps revocations across a restart', async () => {
    await post('/revoke', `token=${token({ jti: 'kept' })}`, 'shop');
    await server.restart();
    expect(JSON.parse((await post('/introspect', `token=${token({ jti: 'kept' })}`)).body)).to.deep.equal({
      active: false,
    });
  });

  it('answers the addresses of the original store, and publishes lists and keys under its own URL', async () => {
    const headers = { Authorization: basic('api') };
    const { status, headers: said } = await ask(`${server.url}/api/identity/acme/?jti=none`, { headers });
    expect([status, said['revocation-status']]).to.deep.equal([404, 'active']);
    const list = await ask(`${server.url}/api/identity/acme/status-lists/0`);
    const claims = JSON.parse(Buffer.from(list.body.split('.')[1] ?? '', 'base64url').toString());
    expect(claims.sub).to.equal(`${server.url}/api/identity/acme/status-lists/0`);
    expect(JSON.parse((await ask(`${server.url}/api/identity/acme/jwks.json`)).body).keys).to.have.length(1);
  });

  it('knows no other tenant, and no other path', async () => {
    const other = await ask(`${server.url}/api/identity/other/introspect`, {
      method: 'POST',
      headers: FORM,
      body: 'token=a',
    });
    expect(JSON.parse(other.body)).to.deep.equal({
      error: 'invalid_request',
      error_description: 'There is no tenant other here.',
      code: 'IDENTITY_TENANT_UNKNOWN',
    });
    expect(JSON.parse((await post('/nothing', '')).body)).to.include({ code: 'REVOCATION_NO_ENDPOINT' });
    for (const tenant of ['ACME', 'acme.', '..', 'acme@evil.com', 'acme%2f..', 'evil.com/@', '%61cme', '__proto__']) {
      expect((await ask(`${server.url}/api/identity/${tenant}/jwks.json`)).status, tenant).to.equal(404);
    }
  });

  it('reads no further than it has to, and waits for nothing of a body that it has refused', async () => {
    const { status, headers } = await ask(`${server.url}/api/identity/acme/subjects`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Connection: 'keep-alive' },
      body: `{"sub":"${'a'.repeat(300_000)}"}`,
    });
    expect([status, headers.connection]).to.deep.equal([401, 'close']);
  });

  it('is not there where no file is named', async () => {
    const without = await startTestServer();
    try {
      expect((await ask(`${without.url}/api/identity/acme/jwks.json`)).status).to.equal(404);
    } finally {
      await without.close();
    }
  });

  const refused: [what: string, text: string, message: RegExp][] = [
    ['no JSON', '{', /identity\.json: it is not JSON\.$/],
    ['a tenant without an audience', JSON.stringify({ tenants: { acme: { issuer: 'https://a/' } } }), /audience/],
    [
      'a key that signs nothing',
      JSON.stringify({ tenants: { acme: acmeConfig(key, { signingKey: '-----BEGIN NOTHING-----' }) } }),
      /signingKey: it is no private key in PEM\.$/,
    ],
    [
      'a key that is not there',
      JSON.stringify({ tenants: { acme: acmeConfig(key, { signingKey: '/none/key.pem' }) } }),
      /\/none\/key\.pem: it cannot be read \(ENOENT\)\.$/,
    ],
  ];
  for (const [what, text, message] of refused) {
    it(`keeps the server from starting where it cannot be used: ${what}`, async () => {
      const bad = join(folder, 'bad');
      writeFileSync(join(folder, 'identity-bad'), '');
      const path = join(folder, 'identity.json.bad').replace(
        '.json.bad',
        `-${what.replaceAll(' ', '-')}.identity.json`,
      );
      writeFileSync(path, text);
      expect((await refusalOf(startTestServer(5_000, { identityFile: path }))).message).to.match(message);
      expect(bad).to.be.a('string');
    });
  }
});
