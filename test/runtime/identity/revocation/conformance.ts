import { expect } from 'chai';
import {
  type NewRevocation,
  openRevocation,
  type Revocation,
  revocationOf,
  type TenantRevocations,
} from '../../../../runtime/identity/revocation/index.ts';
import type { Store } from '../../../../runtime/store/index.ts';
import { ISS, NOW, verified } from '../../../support/revocation.ts';

/** What revocation keeps to, whatever store is behind it. */
export function conformsToRevocation(openStore: () => Promise<Store>): void {
  let stores: Store[];
  let opened: Revocation[];
  let tenant: string;
  let tests = 0;

  beforeEach(() => {
    stores = [];
    opened = [];
    tests += 1;
    tenant = `tenant ${tests}`;
  });

  afterEach(async () => {
    for (const revocation of opened) await revocation.close();
    for (const store of stores) await store.close();
  });

  /** Opens what another process would, which knows everything. */
  async function open(): Promise<TenantRevocations> {
    const store = await openStore();
    stores.push(store);
    const revocation = openRevocation({ store, tenants: [tenant], now: () => NOW * 1000 });
    opened.push(revocation);
    await revocation.ready();
    return revocation.tenant(tenant);
  }

  const ALL: readonly (readonly [NewRevocation, string])[] = [
    [{ kind: 'jti', iss: ISS, id: 'token 1' }, 'the token itself'],
    [{ kind: 'sid', iss: ISS, id: 'session 1' }, 'its session'],
    [{ kind: 'grant', iss: ISS, id: 'grant 1' }, 'its grant'],
    [{ kind: 'sub', iss: ISS, id: 'user 1', notBefore: NOW }, 'its user'],
    [{ kind: 'client', iss: ISS, id: 'client 1', notBefore: NOW }, 'its client'],
    [{ kind: 'issuer', iss: ISS, notBefore: NOW }, 'its issuer'],
    [{ kind: 'tenant', notBefore: NOW }, 'its tenant'],
  ];
  for (const [revocation, what] of ALL) {
    it(`refuses a token in every process once ${what} is revoked in one (${revocation.kind})`, async () => {
      const [one, two] = [await open(), await open()];
      const token = verified({ sid: 'session 1', grant_id: 'grant 1', client_id: 'client 1' });
      expect((await two.confirm(token)).status).to.equal('active');
      await one.revoke(revocation);
      expect(one.check(token)).to.include({ status: 'revoked', by: revocation.kind });
      expect(await two.confirm(token)).to.include({ status: 'revoked', by: revocation.kind });
      expect(two.check(token).status).to.equal('revoked');
      expect((await open()).check(token)).to.include({ status: 'revoked', by: revocation.kind });
      const { iat, ...later } = {
        ...token.claims,
        jti: 'token 2',
        sid: 'session 2',
        grant_id: 'grant 2',
        iat: NOW + 1,
      };
      const isByTime = revocation.notBefore !== undefined;
      expect(two.check(verified({ ...later, iat })).status).to.equal('active');
      expect(two.check(verified({ ...later, iat: undefined })).status).to.equal(isByTime ? 'revoked' : 'active');
    });
  }

  it('keeps the later of two times, in whichever order and process they came', async () => {
    const [one, two] = [await open(), await open()];
    await one.revoke({ kind: 'sub', iss: ISS, id: 'user 1', notBefore: NOW - 10, reason: 'earlier' });
    await two.revoke({ kind: 'sub', iss: ISS, id: 'user 1', notBefore: NOW - 20, reason: 'much earlier' });
    for (const it of [one, two, await open()]) {
      expect((await it.confirm(verified({ iat: NOW - 10 }))).status).to.equal('revoked');
      expect((await it.confirm(verified({ iat: NOW - 9 }))).status).to.equal('active');
      expect(await it.reasonOf(verified({ iat: NOW - 30 }))).to.include({ reason: 'earlier', notBefore: NOW - 10 });
    }
  });

  it('loses nothing of many that are revoked at once in two processes, some of them by both', async () => {
    const [one, two] = [await open(), await open()];
    const tokens = Array.from({ length: 60 }, (_, n) => verified({ jti: `token ${n}`, sub: `user ${n}` }));
    await Promise.all([
      ...tokens.slice(0, 40).map((token) => one.revoke(revocationOf(token))),
      ...tokens.slice(20).map((token) => two.revoke(revocationOf(token))),
    ]);
    const three = await open();
    await Promise.all([one, two].map((it) => it.confirm(verified())));
    for (const it of [one, two, three]) {
      expect(tokens.map((token) => it.check(token).status)).to.deep.equal(tokens.map(() => 'revoked'));
    }
  });

  it('takes any id, and tells it from every other spelling', async () => {
    const [one, two] = [await open(), await open()];
    for (const id of ['x'.repeat(8192), 'ключ', 'é', '😀', '../..', ' ', '\u0000', 'a\ud800', '__proto__']) {
      const entry = await one.revoke({ kind: 'jti', iss: ISS, id, reason: 'any' });
      expect((await two.confirm(verified({ jti: id }))).status).to.equal('revoked');
      expect(await two.reasonOf(verified({ jti: id }))).to.deep.equal(entry);
      for (const other of [`${id} `, 'e\u0301', '\u0000\u0000', 'a\ud801', 'a\ufffd', 'constructor']) {
        expect(two.check(verified({ jti: other })).status).to.equal('active');
      }
    }
  });

  it('knows a token without jti by what is signed in it', async () => {
    const [one, two] = [await open(), await open()];
    const token = verified({ jti: undefined });
    await one.revoke(revocationOf(token));
    expect((await two.confirm(token)).status).to.equal('revoked');
    expect(two.check(verified({ jti: undefined, sub: 'user 2' })).status).to.equal('active');
  });
}
