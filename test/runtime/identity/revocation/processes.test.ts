import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openRevocation, type Revocation, revocationOf } from '../../../../runtime/identity/revocation/index.ts';
import { openStore, type Store } from '../../../../runtime/store/index.ts';
import { verified } from '../../../support/revocation.ts';
import { killAndCheck } from '../../../support/revocation-kill.ts';
import { type RevocationProcess, startRevocationProcess } from '../../../support/revocation-process.ts';

describe('revocation in real processes over the embedded store of one folder', () => {
  const exp = Math.floor(Date.now() / 1000) + 3600; // they have no other clock
  let folder: string;
  let store: Store;
  let revocation: Revocation;
  let other: RevocationProcess;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  describe('of which two are open', () => {
    beforeEach(async () => {
      other = await startRevocationProcess(folder);
      store = await openStore(folder, {});
      revocation = openRevocation({ store, tenants: ['acme'] });
      await revocation.ready();
    });

    afterEach(async () => {
      await revocation.close();
      await other.kill();
      await store.close();
    });

    it('is refused in one what was acknowledged in the other, both ways', async () => {
      const acme = revocation.tenant('acme');
      expect(await other.ask('check token 1')).to.equal('active');
      await acme.revoke(revocationOf(verified({ jti: 'token 1', exp })));
      expect(await other.ask('await token 1')).to.match(/^refused/);
      expect(acme.check(verified({ jti: 'token 2' })).status).to.equal('active');
      expect(await other.ask('revoke token 2')).to.match(/^acknowledged/);
      expect((await acme.confirm(verified({ jti: 'token 2' }))).status).to.equal('revoked');
    });

    it('goes on where the one that serves the store is killed, with everything that was acknowledged', async () => {
      expect(await other.ask('revoke token 1')).to.match(/^acknowledged/);
      await other.kill();
      const acme = revocation.tenant('acme');
      expect((await acme.confirm(verified({ jti: 'token 1' }))).status).to.equal('revoked');
      expect((await acme.confirm(verified({ jti: 'token 2' }))).status).to.equal('active');
      await acme.revoke(revocationOf(verified({ jti: 'token 2', exp })));
      other = await startRevocationProcess(folder);
      expect(await other.ask('check token 2')).to.equal('revoked');
    });
  });

  it('loses nothing that was acknowledged to a kill in the middle of writes', async () => {
    let next = 0;
    for (let kill = 0; kill < 3; kill++) next = await killAndCheck(folder, next, 5 + 20 * kill);
  }).timeout(60_000);
});
