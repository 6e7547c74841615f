import { expect } from 'chai';
import { createMember, MEMBERS, type Member, toHeartbeat } from '../../../../runtime/identity/revocation/heartbeat.ts';
import { type Change, createLog, type Log, readLog } from '../../../../runtime/identity/revocation/log.ts';
import { bury } from '../../../../runtime/identity/revocation/sweep.ts';
import { createMemoryStore, type Item } from '../../../../runtime/store/index.ts';
import { type LateStore, lateStore } from '../../../support/late-store.ts';

describe('the log of a process', () => {
  let store: LateStore;
  let member: Member;
  let log: Log;
  let steady: number;

  beforeEach(() => {
    steady = 0;
    let ids = 0;
    const clock = () => ({ wall: steady, steady });
    store = lateStore(createMemoryStore());
    member = createMember(store, clock, () => `writer ${++ids}`);
    log = createLog(store, member, clock, 60_000);
  });

  const changeOf = (key: string): Change => ({ tenant: 'acme', kind: 'jti', key });

  /** The keys of each item, by number. */
  async function itemsOf(writer = member.id()): Promise<[number, string[]][]> {
    const items: [number, string[]][] = [];
    for await (const { number, changes } of readLog(store, writer, 0)) {
      items.push([number, changes.map(({ key }) => key)]);
    }
    return items;
  }

  const heartbeat = async (writer = member.id()): Promise<Item | undefined> =>
    store.get({ partition: MEMBERS, sort: writer });
  const saidLast = async (): Promise<number | undefined> => {
    const item = await heartbeat();
    return item && toHeartbeat(item).last;
  };

  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'done',
      (error: { code?: unknown }) => error.code,
    );

  it('is numbered without holes, and acknowledges what a heartbeat has announced', async () => {
    await log.append(changeOf('a'));
    expect(store.asked).to.deep.equal(['put revocation/log/writer 1', 'put revocation/members']);
    await log.append(changeOf('b'));
    expect(await itemsOf()).to.deep.equal([
      [1, ['a']],
      [2, ['b']],
    ]);
    expect(await saidLast()).to.equal(2);
  });

  it('takes together what comes while one is written: at most 500', async () => {
    await Promise.all(Array.from({ length: 1202 }, (_, n) => log.append(changeOf(`key ${n}`))));
    expect((await itemsOf()).map(([number, keys]) => [number, keys.length])).to.deep.equal([
      [1, 1],
      [2, 500],
      [3, 500],
      [4, 201],
    ]);
  });

  it('acknowledges nothing whose heartbeat was not written, and announces it with the next', async () => {
    await log.append(changeOf('a'));
    const put = store.put;
    store.put = (key, ...rest) => {
      if (key.partition === MEMBERS) store.next = 'refused';
      return put(key, ...rest);
    };
    expect(await codeOf(log.append(changeOf('b')))).to.equal('STORE_UNREACHABLE');
    store.put = put;
    expect(await saidLast()).to.equal(1);
    await member.beat();
    expect(await saidLast()).to.equal(2);
  });

  for (const what of ['lost', 'refused', 'late'] as const) {
    it(`has no hole, and nothing twice at one number, where a write is ${what}`, async () => {
      await log.append(changeOf('a'));
      store.next = what;
      expect(await codeOf(log.append(changeOf('b')))).to.equal('STORE_UNREACHABLE');
      await log.append(changeOf('c'));
      await store.arrive();
      await log.append(changeOf('d'));
      const items = await itemsOf();
      expect(items.map(([number]) => number)).to.deep.equal(items.map((_, n) => n + 1));
      expect(items.map(([, keys]) => keys.join())).to.deep.equal(
        what === 'lost' ? ['a', 'b', 'c', 'd'] : ['a', 'c', 'd'],
      );
      expect(await saidLast()).to.equal(items.length);
    });
  }

  it('is never taken back by a heartbeat that was long under way', async () => {
    await log.append(changeOf('a'));
    store.next = 'late';
    await codeOf(member.beat());
    await log.append(changeOf('b'));
    await store.arrive();
    expect(await saidLast()).to.equal(2);
  });

  it('goes on after a heartbeat whose answer was lost, or that came late', async () => {
    for (const what of ['lost', 'late'] as const) {
      store.next = what;
      await codeOf(member.beat());
      await store.arrive();
      await log.append(changeOf(what));
    }
    expect(await saidLast()).to.equal(2);
  });

  it('is written again, by another name, where the process was taken for dead before it acknowledged', async () => {
    await log.append(changeOf('a'));
    const found = await heartbeat();
    const put = store.put;
    store.put = async (key, ...rest) => {
      const written = await put(key, ...rest);
      if (key.partition.startsWith('revocation/log')) {
        store.put = put;
        await bury(store, found as Item); // it was just written
      }
      return written;
    };
    await log.append(changeOf('b'));
    expect(member.id()).to.equal('writer 2');
    expect(await itemsOf()).to.deep.equal([[1, ['b']]]);
    expect(await saidLast()).to.equal(1);
    expect(await heartbeat('writer 1')).to.equal(undefined);
  });

  it('says which numbers are older than three seconds, for those who begin to listen', async () => {
    const settled = async (): Promise<number | undefined> => toHeartbeat((await heartbeat()) as Item).settled;
    await log.append(changeOf('a'));
    steady = 3_000;
    await log.append(changeOf('b'));
    expect(await settled()).to.equal(0);
    steady = 3_001;
    await member.beat();
    expect(await settled()).to.equal(1);
    steady = 6_001;
    await member.beat();
    expect(await settled()).to.equal(2);
    steady = 600_000; // nothing was said for long
    await member.beat();
    expect(await settled()).to.equal(2);
  });

  it('is not removed after a pause before a heartbeat has said that nobody has to look for it', async () => {
    await log.append(changeOf('a'));
    steady = 62_000;
    await log.trim();
    expect((await itemsOf()).map(([number]) => number)).to.deep.equal([1]);
    await member.beat();
    await log.trim();
    expect(await itemsOf()).to.deep.equal([]);
  });

  it('is kept for as long as it is said, and then removed', async () => {
    for (const key of ['a', 'b']) await log.append(changeOf(key));
    steady = 30_000;
    await log.append(changeOf('c'));
    steady = 61_000;
    await log.trim();
    expect((await itemsOf()).map(([number]) => number)).to.deep.equal([3]);
    await log.append(changeOf('d'));
    expect((await itemsOf()).map(([number]) => number)).to.deep.equal([3, 4]);
  });
});

describe('what a dead process has left', () => {
  it('is said to be nothing before it goes, and is noted, and its heartbeat goes last', async () => {
    const store = lateStore(createMemoryStore());
    const member = createMember(
      store,
      () => ({ wall: 0, steady: 0 }),
      () => 'writer',
    );
    const log = createLog(store, member, () => ({ wall: 0, steady: 0 }));
    await log.append({ tenant: 'acme', kind: 'jti', key: 'a' });
    const found = (await store.get({ partition: MEMBERS, sort: 'writer' })) as Item; // it was just written
    store.asked.length = 0;
    const said: unknown[] = [];
    const { remove } = store;
    store.remove = async (...args) => {
      said.push((await store.get({ partition: MEMBERS, sort: 'writer' }))?.value);
      return remove(...args);
    };
    await bury(store, found);
    expect(store.asked).to.deep.equal([
      'put revocation/members',
      'put revocation/members',
      'list revocation/log/writer',
      'remove revocation/log/writer',
      'remove revocation/members',
    ]);
    expect(said[0]).to.deep.equal({ beat: 1, last: 1, settled: 1, at: 0, isBuried: true });
    const left = await store.list(MEMBERS, { limit: 10 });
    expect(left.map(({ sort, value }) => [sort, value])).to.deep.equal([
      ['~burials', { count: 1, last: [['writer', 1]] }],
    ]);
  });

  it('is left by it, where it wakes up in the middle: it goes on by another name, and says nothing of what is gone', async () => {
    const store = createMemoryStore();
    let ids = 0;
    const clock = () => ({ wall: 0, steady: 0 });
    const member = createMember(store, clock, () => `writer ${++ids}`);
    const log = createLog(store, member, clock);
    await log.append({ tenant: 'acme', kind: 'jti', key: 'a' });
    const found = (await store.get({ partition: MEMBERS, sort: 'writer 1' })) as Item; // it was just written
    const { list } = store;
    store.list = async (...args) => {
      await member.beat(); // after it is said to be buried, and before its log is gone
      return list(...args);
    };
    await bury(store, found);
    store.list = list;
    expect(member.id()).to.equal('writer 2');
    const left = await store.list(MEMBERS, { limit: 10 });
    expect(left.map(({ sort }) => sort)).to.deep.equal(['writer 2', '~burials']);
    await log.append({ tenant: 'acme', kind: 'jti', key: 'b' });
    expect(toHeartbeat((await store.get({ partition: MEMBERS, sort: 'writer 2' })) as Item)).to.include({ last: 1 });
  });

  it('stays where it has sent another heartbeat meanwhile', async () => {
    const store = createMemoryStore();
    const member = createMember(
      store,
      () => ({ wall: 0, steady: 0 }),
      () => 'writer',
    );
    await member.beat();
    const found = (await store.get({ partition: MEMBERS, sort: 'writer' })) as Item; // it was just written
    await member.beat();
    await bury(store, found);
    expect(await store.list(MEMBERS, { limit: 10 })).to.have.length(1);
  });
});
