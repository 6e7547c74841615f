import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { openIdentity, readTenants } from '../../../../runtime/identity/tenants/index.ts';
import { createMemoryStore } from '../../../../runtime/store/index.ts';
import { issuerKey } from '../../../support/access-token.ts';
import { type Asked, acmeConfig, BASE_URL, read, requestOf, useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';
import { refusalOf } from '../../../support/refusal.ts';

describe('tenants over one store', () => {
  it('know nothing of each other, though their issuers and ids are the same', async () => {
    const key = issuerKey('k1');
    const tenants = readTenants({ tenants: { acme: acmeConfig(key), other: acmeConfig(key) } });
    const identity = await openIdentity({
      tenants,
      store: createMemoryStore(),
      urlOf: (name) => `${BASE_URL}/${name}`,
    });
    try {
      const now = Math.floor(Date.now() / 1000);
      const token = key.sign({ iat: now, exp: now + 60 });
      const introspect = async (tenant: string) => {
        const request = new Request(`${BASE_URL}/${tenant}/introspect`, {
          method: 'POST',
          ...requestOf({ form: { token } }),
        });
        return (await read((await identity.answer(tenant, request, '/introspect')).response)).json;
      };
      await identity.revocationsOf('acme').revoke({ kind: 'jti', iss: 'https://login.example.com/', id: 'a1' });
      expect(await introspect('acme')).to.deep.equal({ active: false });
      expect(await introspect('other')).to.include({ active: true });
      expect(await introspect('nobody')).to.include({ code: 'IDENTITY_TENANT_UNKNOWN' });
    } finally {
      await identity.close();
    }
  });

  it('take nothing from the issuer of another one: not its tokens, and not its callers', async () => {
    const [key, otherKey] = [issuerKey('k1'), issuerKey('k1')];
    const otherIssuer = 'https://other.example.com/';
    const store = createMemoryStore();
    const tenants = readTenants({
      tenants: { acme: acmeConfig(key), other: acmeConfig(otherKey, { issuer: otherIssuer }) },
    });
    const identity = await openIdentity({ tenants, store, urlOf: (name) => `${BASE_URL}/${name}` });
    try {
      const now = Math.floor(Date.now() / 1000);
      const scope = 'revocation:revoke revocation:revoke-any revocation:introspect';
      const token = key.sign({ iat: now, exp: now + 60, scope });
      const call = async (tenant: string, path: string, asked: Asked) => {
        const request = new Request(`${BASE_URL}/${tenant}${path}`, { method: 'POST', ...requestOf(asked) });
        return read((await identity.answer(tenant, request, path)).response);
      };
      const bearer = { as: null, headers: { Authorization: `Bearer ${token}` } };
      expect((await call('other', '/introspect', { form: { token } })).json).to.deep.equal({ active: false });
      expect((await call('other', '/revoke', { form: { token }, as: 'shop' })).status).to.equal(200);
      expect((await call('other', '/subjects', { json: { iss: 'https://login.example.com/' } })).status).to.equal(400);
      for (const path of ['/revoke', '/introspect']) {
        expect((await call('other', path, { form: { token }, ...bearer })).status).to.equal(401);
      }
      expect((await call('other', '/subjects', { json: { sub: 'auth0|ada' }, ...bearer })).status).to.equal(401);
      expect((await call('other', '/subjects', { json: { iss: otherIssuer } })).status).to.equal(204);
      expect((await call('acme', '/introspect', { form: { token } })).json).to.include({ active: true });
      expect((await call('acme', '/introspect', { form: { token }, ...bearer })).json).to.include({ active: true });
    } finally {
      await identity.close();
    }
  });

  it('are not opened with a key that signs nothing others take', async () => {
    const open = (signingKey: string) =>
      openIdentity({
        tenants: readTenants({ tenants: { acme: acmeConfig(issuerKey('k1'), { signingKey }) } }),
        store: createMemoryStore(),
        urlOf: () => BASE_URL,
      });
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    for (const [signingKey, reason] of [
      ['no key', 'it is no private key in PEM'],
      [String(weak.export({ format: 'pem', type: 'pkcs8' })), 'it is neither P-256, Ed25519 nor RSA of 2048 bits'],
    ] as const) {
      expect(await refusalOf(open(signingKey))).to.include({
        code: 'IDENTITY_CONFIG_INVALID',
        message: `The identity settings cannot be used: signingKey: ${reason}.`,
      });
    }
  });
});

describe('a tenant whose tokens live no longer than an hour', () => {
  const acme = useTenant({ maxTokenAge: 3600 });

  it('keeps no entry longer than the last token that it forbids', async () => {
    const revocations = acme.identity.revocationsOf('acme');
    expect(await revocations.revoke({ kind: 'sid', iss: 'i', id: 's1' })).to.include({ expires: NOW + 3600 });
    expect(await revocations.revoke({ kind: 'sub', iss: 'i', id: 'u', notBefore: NOW - 60 })).to.include({
      expires: NOW + 3540,
    });
    expect(await revocations.revoke({ kind: 'jti', iss: 'i', id: 'j', expires: NOW + 5 })).to.include({
      expires: NOW + 5,
    });
  });
});
