import { expect } from 'chai';
import { fail } from '../../../../runtime/errors.ts';
import { openRevocation } from '../../../../runtime/identity/revocation/index.ts';
import type { Store } from '../../../../runtime/store/index.ts';
import { type Asked, BASE_URL, useTenant } from '../../../support/identity.ts';

describe('revocation while the store does not answer', () => {
  const acme = useTenant();
  const requests: [method: string, path: string, asked: Asked][] = [
    ['POST', '/revoke', { form: { token: acme.key.sign() }, as: 'shop' }],
    ['POST', '/subjects', { json: { sub: 'auth0|ada' } }],
    ['POST', '/global-token-revocation', { json: { sub_id: { format: 'opaque', id: 'auth0|ada' } } }],
    ['PUT', '/?jti=a1&jwt=x', {}],
    ['PUT', '/status-lists/0/1', { json: { status: 1 } }],
    ['GET', '/status-lists/0', { as: null }],
    ['GET', '/feed', {}],
  ];
  for (const [method, path, asked] of requests) {
    it(`is a 503 with Retry-After, which names nothing inside: ${method} ${path}`, async () => {
      const refuse = async () => fail('STORE_UNREACHABLE', { reason: 'connect ECONNREFUSED 10.0.0.5:8000' });
      Object.assign(acme.store, { get: refuse, put: refuse, list: refuse });
      const { status, headers, json } = await acme.call(method, path, asked);
      expect([status, headers.get('Retry-After')]).to.deep.equal([503, '1']);
      expect(json).to.deep.equal({
        error: 'temporarily_unavailable',
        error_description: 'The store does not answer at the moment.',
        code: 'STORE_UNREACHABLE',
      });
    });
  }

  it('is a 503 where its table is gone, too', async () => {
    const refuse = async () => fail('STORE_NO_TABLE', { table: 'denylist' });
    Object.assign(acme.store, { get: refuse, put: refuse, list: refuse });
    const { status, json } = await acme.call('POST', '/subjects', { json: { sub: 'auth0|ada' } });
    expect(status).to.equal(503);
    expect(json).to.include({ code: 'STORE_NO_TABLE', error_description: 'The store does not answer at the moment.' });
  });

  it('is never an answer of introspection that says active, nor one that says not', async () => {
    const refuse = async () => fail('STORE_UNREACHABLE', { reason: 'cut off' });
    Object.assign(acme.store, { get: refuse, put: refuse, list: refuse });
    const { status, json } = await acme.call('POST', '/introspect', { form: { token: acme.key.sign() } });
    expect(status).to.equal(503);
    expect(json).to.include({ code: 'ACCESS_TOKEN_REVOCATION_UNKNOWN' });
  });
});

describe('revocation by RFC 7009 that the store fails in the middle of', () => {
  const acme = useTenant();
  const uri = `${BASE_URL}/acme/status-lists/0`;
  const token = acme.key.sign({ status: { status_list: { uri, idx: 3 } } });
  const revoke = async () => (await acme.call('POST', '/revoke', { form: { token }, as: 'shop' })).status;

  for (const [what, partition] of [
    ['the entry', /^revocation\/[\w-]{43}\//],
    ['the log that tells others', /^revocation\/log\//],
    ['the heartbeat that announces it', /^revocation\/members$/],
    ['the status list', /^identity\/status-lists\//],
  ] as const) {
    it(`acknowledges nothing, and everything once it is repeated: ${what}`, async () => {
      const { put } = acme.store;
      const failing: Store['put'] = (key, ...rest) =>
        partition.test(key.partition) ? fail('STORE_UNREACHABLE', { reason: 'cut off' }) : put(key, ...rest);
      Object.assign(acme.store, { put: async (...args: Parameters<Store['put']>) => failing(...args) });
      expect(await revoke()).to.equal(503);
      Object.assign(acme.store, { put });
      expect(await revoke()).to.equal(200);
      expect((await acme.call('POST', '/introspect', { form: { token } })).json).to.deep.equal({ active: false });
      const other = openRevocation({ store: acme.store, tenants: ['acme'] });
      await other.ready();
      const verified = await acme.identity.verify('acme', token);
      expect(other.tenant('acme').check(verified).status).to.equal('revoked');
      await other.close();
    });
  }
});
