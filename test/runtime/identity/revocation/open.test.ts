import { expect } from 'chai';
import { openRevocation, type Revocation, revocationOf } from '../../../../runtime/identity/revocation/index.ts';
import { createMemoryStore, type Store } from '../../../../runtime/store/index.ts';
import { refusalIn, refusalOf } from '../../../support/refusal.ts';
import { ISS, NOW, verified } from '../../../support/revocation.ts';

describe('revocation in two processes that share a store', () => {
  let store: Store;
  let opened: Revocation[];
  const now = (): number => NOW * 1000;

  function open(...tenants: string[]): Revocation {
    const revocation = openRevocation({ store, tenants, now });
    opened.push(revocation);
    return revocation;
  }

  beforeEach(() => {
    store = createMemoryStore(() => NOW);
    opened = [];
  });

  afterEach(async () => {
    for (const revocation of opened) await revocation.close();
  });

  it('says that it is not ready before it has loaded what is there', async () => {
    const revocation = open('acme');
    expect(revocation.readiness()).to.deep.equal({ isReady: false, tenants: 1, ready: 0, entries: 0 });
    expect(revocation.tenant('acme').check(verified())).to.deep.equal({ status: 'unknown', asOf: 0 });
    await revocation.ready();
    expect(revocation.readiness()).to.deep.equal({ isReady: true, tenants: 1, ready: 1, entries: 0 });
    expect(revocation.tenant('acme').check(verified())).to.deep.equal({ status: 'active', asOf: NOW * 1000 });
  });

  it('refuses in one what was revoked in the other before or after it was opened', async () => {
    const one = open('acme').tenant('acme');
    await one.revoke(revocationOf(verified({ jti: 'before' })));
    const two = open('acme');
    await two.ready();
    expect(two.tenant('acme').check(verified({ jti: 'before' })).status).to.equal('revoked');
    await one.revoke(revocationOf(verified({ jti: 'after' })));
    expect(await two.tenant('acme').confirm(verified({ jti: 'after' }))).to.deep.equal({
      status: 'revoked',
      asOf: NOW * 1000,
      by: 'jti',
    });
    expect(two.tenant('acme').check(verified({ jti: 'after' })).status).to.equal('revoked');
    expect(two.tenant('acme').check(verified()).status).to.equal('active');
  });

  it('takes nothing for an entry that has ended, though the store still has it: stores remove late, or never', async () => {
    const expires = NOW + 60;
    await open('acme').tenant('acme').revoke({ kind: 'sub', iss: ISS, id: 'user 1', expires });
    const later = async (seconds: number) => {
      const revocation = openRevocation({ store, tenants: ['acme'], now: () => (expires + seconds) * 1000 });
      opened.push(revocation);
      await revocation.ready();
      return [revocation.readiness().entries, revocation.tenant('acme').check(verified()).status];
    };
    expect(await later(3599)).to.deep.equal([1, 'revoked']);
    expect(await later(3600)).to.deep.equal([0, 'active']);
  });

  it('answers by the store itself what is asked before anything is loaded', async () => {
    const one = open('acme').tenant('acme');
    await one.revoke({ kind: 'sub', iss: ISS, id: 'user 1' });
    const two = open().tenant('acme');
    expect(two.check(verified()).status).to.equal('unknown');
    expect(await two.confirm(verified())).to.deep.equal({ status: 'revoked', asOf: NOW * 1000, by: 'sub' });
    expect(
      (
        await open()
          .tenant('acme')
          .confirm(verified({ sub: 'user 2' }))
      ).status,
    ).to.equal('active');
  });

  it('keeps tenants apart', async () => {
    const revocation = open('acme', 'other');
    await revocation.ready();
    await revocation.tenant('acme').revoke({ kind: 'tenant' });
    expect(revocation.tenant('acme').check(verified())).to.include({ status: 'revoked', by: 'tenant' });
    expect(revocation.tenant('other').check(verified()).status).to.equal('active');
  });

  it('tells on demand why a token was revoked, and when', async () => {
    const acme = open('acme').tenant('acme');
    const token = verified();
    expect(await acme.reasonOf(token)).to.equal(undefined);
    const entry = await acme.revoke({ ...revocationOf(token), reason: 'stolen', source: 'RFC 7009' });
    expect(await acme.reasonOf(token)).to.deep.equal(entry);
    expect(entry).to.deep.include({
      kind: 'jti',
      expires: NOW + 3600,
      reason: 'stolen',
      source: 'RFC 7009',
      at: NOW,
    });
  });

  it('refuses a staleness that is none', () => {
    for (const maxStaleness of [0, -1, 61, Number.NaN]) {
      expect(refusalIn(() => openRevocation({ store, maxStaleness }))).to.deep.equal({
        code: 'REVOCATION_OPTION_INVALID',
        message: 'Revocation cannot be opened: the option maxStaleness is no number of seconds above 0 and up to 60.',
        fix: undefined,
      });
    }
  });

  it('lets nobody wait for ever who waits when it is closed', async () => {
    const broken = { ...store, list: () => Promise.reject(new Error('no')) };
    const revocation = openRevocation({ store: broken, tenants: ['acme'] });
    const ready = refusalOf(revocation.ready());
    await revocation.close();
    expect(await ready).to.deep.equal({
      code: 'REVOCATION_CLOSED',
      message: 'Revocation was closed before it was ready.',
      fix: undefined,
    });
  });
});
