import { expect } from 'chai';
import { type Core, createCore } from '../../../../runtime/identity/revocation/core.ts';
import { revocationOf } from '../../../../runtime/identity/revocation/index.ts';
import { createMemoryStore, type Store } from '../../../../runtime/store/index.ts';
import { NOW, verified } from '../../../support/revocation.ts';

describe('the tenants that a process follows', () => {
  let store: Store;
  let steady: number;
  /** By how much the time of day is ahead. */
  let ahead: number;
  let listed: string[];

  beforeEach(() => {
    const memory = createMemoryStore(() => NOW);
    steady = 0;
    ahead = 0;
    listed = [];
    store = {
      ...memory,
      list(partition, options) {
        listed.push(partition);
        return memory.list(partition, options);
      },
    };
  });

  function open(...tenants: string[]): Core {
    const clock = () => ({ wall: NOW * 1000 + steady + ahead, steady });
    const core = createCore({ store, clock, maxStalenessMs: 5_000, retentionMs: 60_000 });
    for (const name of tenants) core.tenant(name);
    return core;
  }

  async function beatAndPoll(core: Core): Promise<void> {
    await core.member.beat();
    await core.poll();
  }

  async function ready(core: Core): Promise<Core> {
    await beatAndPoll(core);
    await core.load();
    return core;
  }

  const statusOf = (core: Core, jti: string, tenant = 'acme'): string =>
    core.tenant(tenant).check(verified({ jti })).status;

  it('are loaded only after a poll has said from where on logs are read: what lies between would be missed', async () => {
    const one = await ready(open('acme'));
    const two = open('acme');
    listed = [];
    await two.load();
    expect(listed).to.deep.equal([]);
    await one.tenant('acme').revoke(revocationOf(verified({ jti: 'a' })));
    steady = 60_000;
    await one.member.beat(); // long settled
    await ready(two);
    expect(statusOf(two, 'a')).to.equal('revoked');
  });

  it('are known from the first to the last where one is followed later, whose changes went by before', async () => {
    const [one, two] = [await ready(open('acme', 'other')), await ready(open('acme'))];
    await one.tenant('other').revoke(revocationOf(verified({ jti: 'a' })));
    await beatAndPoll(two);
    expect(statusOf(two, 'a', 'other')).to.equal('unknown');
    expect(statusOf(two, 'b')).to.equal('active');
    await one.tenant('other').revoke(revocationOf(verified({ jti: 'c' })));
    await ready(two);
    expect(['a', 'b', 'c'].map((jti) => statusOf(two, jti, 'other'))).to.deep.equal(['revoked', 'active', 'revoked']);
  });

  it('are loaded anew after a pause in which another process has come, revoked, died and been removed', async () => {
    const two = await ready(open('acme'));
    const one = await ready(open('acme'));
    await one.tenant('acme').revoke(revocationOf(verified({ jti: 'a' })));
    const three = await ready(open('acme'));
    for (steady of [20_000, 40_000, 61_000]) await beatAndPoll(three);
    await three.sweep();
    expect(await store.list(`revocation/log/${one.member.id()}`, { limit: 1 })).to.deep.equal([]);
    expect(statusOf(two, 'b')).to.equal('unknown');
    await beatAndPoll(two);
    expect(statusOf(two, 'b')).to.equal('unknown');
    await ready(two);
    expect(['a', 'b'].map((jti) => statusOf(two, jti))).to.deep.equal(['revoked', 'active']);
  });

  it('are loaded anew where the clock was far ahead, and is set back: what had ended by it has not', async () => {
    const one = await ready(open('acme'));
    await one.tenant('acme').revoke(revocationOf(verified({ jti: 'a' })));
    const year = 365 * 86_400_000;
    ahead = year;
    await ready(one);
    await ready(one);
    for (let part = 0; part < 256; part++) one.denylist.sweep();
    await beatAndPoll(one);
    expect(statusOf(one, 'a')).to.equal('active'); // it ended a year ago, as the token did
    ahead = 0;
    expect(statusOf(one, 'a')).to.equal('unknown');
    await ready(one);
    await ready(one);
    expect(statusOf(one, 'a')).to.equal('revoked');
  });

  it('lose nothing in the store to a process whose clock is far ahead of the others', async () => {
    const one = await ready(open('acme'));
    await one.tenant('acme').revoke(revocationOf(verified({ jti: 'a' })));
    const two = open('acme');
    await ready(two);
    ahead = 365 * 86_400_000;
    await two.sweep();
    expect(await one.tenant('acme').reasonOf(verified({ jti: 'a' }))).to.include({ kind: 'jti' });
  });

  it('are confirmed by what names the token, where the feed has a gap', async () => {
    const [one, two] = [await ready(open('acme')), await ready(open('acme'))];
    for (const jti of ['a', 'b']) await one.tenant('acme').revoke(revocationOf(verified({ jti })));
    await store.remove({ partition: `revocation/log/${one.member.id()}`, sort: '000000000001' });
    steady = 1;
    expect(statusOf(two, 'b')).to.equal('active'); // as of a moment ago
    expect(await two.tenant('acme').confirm(verified({ jti: 'b' }))).to.include({ status: 'revoked', by: 'jti' });
    expect((await two.tenant('acme').confirm(verified({ jti: 'c' }))).status).to.equal('active');
  });

  it('are written down as of when they are known, with how far each log was read', async () => {
    const one = open('acme');
    expect(one.snapshot()).to.equal(undefined);
    await ready(one);
    await one.tenant('acme').revoke(revocationOf(verified({ jti: 'a' })));
    const { tenants, positions, asOf } = one.snapshot() ?? {};
    expect({ tenants, positions, asOf }).to.deep.equal({
      tenants: ['acme'],
      positions: [[one.member.id(), 1]],
      asOf: NOW * 1000,
    });
  });
});
