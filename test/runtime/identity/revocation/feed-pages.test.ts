import { expect } from 'chai';
import { WebtaskError } from '../../../../runtime/errors.ts';
import { type Core, createCore } from '../../../../runtime/identity/revocation/core.ts';
import type { FeedPage } from '../../../../runtime/identity/revocation/feed-pages.ts';
import { createFollower, type Follower } from '../../../../runtime/identity/revocation/follower.ts';
import { revocationOf } from '../../../../runtime/identity/revocation/index.ts';
import { nameOf, parsePlace } from '../../../../runtime/identity/revocation/place.ts';
import { createMemoryStore, type Store } from '../../../../runtime/store/index.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { NOW, verified } from '../../../support/revocation.ts';

const RETENTION_MS = 60_000;

describe('the feed of a tenant, over several servers that share a store', () => {
  let store: Store;
  let steady: number;
  /** The server that answers next. */
  let asked: Core;
  let pages: FeedPage[];
  let follower: Follower;

  const clock = () => ({ wall: NOW * 1000 + steady, steady });

  beforeEach(() => {
    store = createMemoryStore(() => NOW);
    steady = 0;
    pages = [];
    follower = createFollower({
      tenant: 'acme',
      url: 'https://wt.example.com/feed',
      async read(after) {
        const page = await asked.tenant('acme').readFeed(after);
        pages.push(page);
        return page;
      },
      maxStalenessMs: 5_000,
      clock,
    });
  });

  async function beatAndPoll(...cores: Core[]): Promise<void> {
    for (const core of cores) {
      await core.member.beat();
      await core.poll();
    }
  }

  function open(over = store): Core {
    const core = createCore({ store: over, clock, maxStalenessMs: 5_000, retentionMs: RETENTION_MS });
    core.tenant('acme');
    return core;
  }

  async function start(over = store): Promise<Core> {
    const core = open(over);
    await beatAndPoll(core);
    await core.load();
    return core;
  }

  const revoke = (core: Core, jti: string) => core.tenant('acme').revoke(revocationOf(verified({ jti })));
  const statuses = (...jtis: string[]) => jtis.map((jti) => follower.check(verified({ jti })).status);

  async function followAt(core: Core): Promise<void> {
    asked = core;
    pages = [];
    await follower.poll();
  }

  it('goes on at any of them, without beginning anew', async () => {
    const [a, b] = [await start(), await start()];
    await followAt(a);
    await revoke(a, 'of a');
    await revoke(b, 'of b');
    await beatAndPoll(a, b);
    await followAt(b);
    expect(statuses('of a', 'of b', 'other')).to.deep.equal(['revoked', 'revoked', 'active']);
    await followAt(a);
    expect(pages.map(({ entries, begins, age }) => [entries.length, begins, age])).to.deep.equal([[0, undefined, 0]]);
  });

  it('is as old as the server that answers, where that is behind the one before, and takes nothing back', async () => {
    const [a, b] = [await start(), await start()];
    await followAt(a);
    steady = 4_000;
    await revoke(a, 'of a');
    await beatAndPoll(a);
    await followAt(a);
    const { next } = pages.at(-1) as FeedPage;
    await followAt(b);
    expect(pages).to.deep.equal([{ entries: [], next, age: 4_000 }]);
    expect(follower.check(verified({ jti: 'other' }))).to.deep.equal({ status: 'active', asOf: NOW * 1000 + 4_000 });
    steady = 9_001; // and where that one alone answers, time goes on
    await followAt(b);
    expect(statuses('of a', 'other')).to.deep.equal(['revoked', 'unknown']);
  });

  it('goes on at one that has just come, from where the logs are sure to be in what it has loaded', async () => {
    const a = await start();
    await followAt(a);
    await revoke(a, 'before c');
    const c = await start();
    await revoke(a, 'after c');
    await beatAndPoll(c);
    await followAt(c);
    expect(statuses('before c', 'after c', 'other')).to.deep.equal(['revoked', 'revoked', 'active']);
    expect(pages.map(({ begins }) => begins)).to.deep.equal([undefined]);
  });

  it('has no say at one that has not loaded everything, which neither takes the place nor gives another', async () => {
    const a = await start();
    await followAt(a);
    const { next } = pages.at(-1) as FeedPage;
    await followAt(open());
    expect(pages).to.deep.equal([{ entries: [], next }]);
    const other = createFollower({
      tenant: 'acme',
      url: '',
      read: open().tenant('acme').readFeed,
      maxStalenessMs: 5_000,
      clock,
    });
    await other.poll();
    expect(other.check(verified({})).status).to.equal('unknown');
  });

  it('begins anew at one that cannot tell what is missing since', async () => {
    const a = await start();
    await followAt(a);
    await revoke(a, 'missed');
    steady = 10_000; // by now it is settled: who comes does not read it in a log
    await a.member.beat();
    const c = await start();
    await followAt(c);
    expect(pages[0]).to.include({ begins: true });
    expect(statuses('missed', 'other')).to.deep.equal(['revoked', 'active']);
  });

  it('begins anew where somebody has come, revoked, died and been removed meanwhile', async () => {
    const a = await start();
    await followAt(a);
    const dead = await start();
    await revoke(dead, 'of the dead');
    await beatAndPoll(a);
    for (steady of [20_000, 40_000, 61_000]) await beatAndPoll(a);
    await a.sweep();
    await beatAndPoll(a);
    await followAt(a);
    expect(pages[0]).to.include({ begins: true });
    expect(statuses('of the dead', 'other')).to.deep.equal(['revoked', 'active']);
  });

  it('goes on where all is known of those that were removed, and forgets their names', async () => {
    const a = await start();
    const dead = await start();
    await revoke(dead, 'of the dead');
    await beatAndPoll(a);
    await followAt(a);
    const known = () => [...parsePlace((pages.at(-1) as FeedPage).next).known.keys()];
    expect(known()).to.deep.equal([nameOf(dead.member.id())]);
    for (steady of [20_000, 40_000, 61_000]) await beatAndPoll(a);
    await a.sweep();
    await beatAndPoll(a);
    await followAt(a);
    expect(pages.map(({ begins }) => begins)).to.deep.equal([undefined]);
    expect(known()).to.deep.equal([]);
  });

  it('keeps the name of a log that the server has never seen: it may be the one that is behind', async () => {
    const [a, b] = [await start(), await start()];
    await revoke(a, 'of a');
    await followAt(a);
    const { next } = pages.at(-1) as FeedPage;
    const { of, burials, known } = parsePlace(next);
    const page = await b.tenant('acme').readFeed(`1.${of}.${burials}.${nameOf('unseen')}12*`);
    expect(parsePlace(page.next).known).to.deep.equal(new Map([[nameOf('unseen'), 12]]));
    expect(known).to.deep.equal(new Map([[nameOf(a.member.id()), 1]]));
  });

  it('begins anew at a server over another store, and for another tenant, whose logs mean something else', async () => {
    const a = await start();
    await followAt(a);
    const { next } = pages.at(-1) as FeedPage;
    expect(await (await start(createMemoryStore(() => NOW))).tenant('acme').readFeed(next)).to.include({
      begins: true,
    });
    a.tenant('other');
    await beatAndPoll(a);
    await a.load();
    expect(await a.tenant('other').readFeed(next)).to.include({ begins: true });
  });

  it('refuses a garbled place by name, and tells who makes one up no more for it', async () => {
    const a = await start();
    await revoke(a, 'of a');
    await followAt(a);
    const { of } = parsePlace((pages.at(-1) as FeedPage).next);
    expect(await refusalOf(a.tenant('acme').readFeed('garbled'))).to.include({ code: 'REVOCATION_REQUEST' });
    const { entries } = await a.tenant('acme').readFeed(`1.${of}.9.${nameOf(a.member.id())}999*`);
    expect(entries).to.deep.equal([]);
  });

  it('tells of what was written and not answered as soon as anybody can know of it', async () => {
    const put = store.put;
    const a = await start();
    await followAt(a);
    store.put = async (...args) => {
      const written = await put(...args);
      if (!args[0].partition.startsWith('revocation/log')) return written;
      store.put = put;
      throw new WebtaskError('STORE_UNREACHABLE', { reason: 'the answer is lost' });
    };
    expect(await refusalOf(revoke(a, 'unanswered'))).to.include({ code: 'STORE_UNREACHABLE' });
    await revoke(a, 'answered');
    await followAt(a);
    expect(statuses('unanswered', 'answered')).to.deep.equal(['revoked', 'revoked']);
  });
});
