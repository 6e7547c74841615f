import { expect } from 'chai';
import { createFeed, type Feed } from '../../../../runtime/identity/revocation/feed.ts';
import { createMember, MEMBERS, type Member } from '../../../../runtime/identity/revocation/heartbeat.ts';
import { createLog, type Log, type LogItem, readLog } from '../../../../runtime/identity/revocation/log.ts';
import { createMemoryStore, type Item, type Store } from '../../../../runtime/store/index.ts';

const RETENTION_MS = 60_000;

describe('what a process reads of others', () => {
  let memory: Store;
  let steady: number;
  /** What lists are answered with, in place of what is there. */
  let answers: Map<string, readonly Item[]>;
  let store: Store;
  let member: Member;
  let applied: string[];
  let feed: Feed;

  const clock = () => ({ wall: steady, steady });
  const apply = (_writer: string, { changes }: LogItem) => void applied.push(...changes.map(({ key }) => key));

  beforeEach(() => {
    memory = createMemoryStore();
    steady = 0;
    answers = new Map();
    applied = [];
    store = {
      ...memory,
      list: async (partition, options) => answers.get(partition)?.slice() ?? memory.list(partition, options),
    };
    member = createMember(store, clock, () => 'reader');
    feed = createFeed(store, member, clock, apply, { retentionMs: RETENTION_MS });
  });

  /** Another process, which may append. */
  function writer(name: string): { member: Member; log: Log; append(...keys: string[]): Promise<void> } {
    const other = createMember(memory, clock, () => name);
    const log = createLog(memory, other, clock, RETENTION_MS);
    return {
      member: other,
      log,
      async append(...keys) {
        for (const key of keys) await log.append({ tenant: 'acme', kind: 'jti', key });
      },
    };
  }

  const now = (partition: string): Promise<Item[]> => memory.list(partition, { limit: 100 });

  async function beatAndPoll(): Promise<void> {
    await member.beat();
    await feed.poll();
  }

  it('is read as of when its own heartbeat was sent, not of when it asked', async () => {
    await feed.poll();
    expect(feed.asOf()).to.equal(undefined);
    steady = 1_000;
    await member.beat();
    steady = 1_200;
    await feed.poll();
    expect(feed.asOf()).to.deep.equal({ wall: 1_000, steady: 1_000 });
    steady = 1_400;
    await feed.poll();
    expect(feed.asOf()?.steady).to.equal(1_000);
  });

  it('is no newer than a store that answers from the past', async () => {
    await beatAndPoll();
    const past = await now(MEMBERS);
    steady = 4_000;
    await writer('one').append('a');
    await member.beat();
    answers.set(MEMBERS, past);
    await feed.poll();
    expect(feed.asOf()?.steady).to.equal(0);
    answers.clear();
    await feed.poll();
    expect(feed.asOf()?.steady).to.equal(4_000);
    expect(applied).to.deep.equal(['a']);
  });

  it('is not complete while a number that was announced is missing, whatever else is there', async () => {
    await beatAndPoll();
    await writer('one').append('a', 'b', 'c');
    const [first, , third] = await now('revocation/log/one');
    steady = 1_000;
    for (const items of [[], [first], [first, third], [third]] as Item[][]) {
      answers.set('revocation/log/one', items);
      await beatAndPoll();
      expect(feed.asOf()?.steady).to.equal(0);
      expect(applied).to.not.include('c');
    }
    answers.clear();
    await feed.poll();
    expect(feed.asOf()?.steady).to.equal(1_000);
    expect(applied).to.deep.equal(['a', 'b', 'c']);
  });

  it('is read from its first number where a process has come later', async () => {
    await beatAndPoll();
    const one = writer('one');
    await one.append('a', 'b');
    steady = 10_000; // all of it is settled
    await one.member.beat();
    await beatAndPoll();
    expect(applied).to.deep.equal(['a', 'b']);
  });

  it('goes back to what was settled when it is asked to, and says when it has', async () => {
    const one = writer('one');
    await one.append('a', 'b');
    steady = 10_000;
    await one.append('c');
    await one.member.beat();
    await beatAndPoll();
    expect(applied).to.deep.equal(['c']);
    const next = feed.goBack();
    expect(feed.wentBack()).to.be.below(next);
    await beatAndPoll();
    expect(feed.wentBack()).to.equal(next);
    expect(feed.completed()).to.equal(next);
    expect(applied).to.deep.equal(['c', 'c']);
  });

  it('is broken where something is missing for more than three seconds, which is all there is to load', async () => {
    await beatAndPoll();
    const one = writer('one');
    await one.append('a', 'b');
    await memory.remove((await now('revocation/log/one'))[0] as Item); // it was just written
    await beatAndPoll();
    steady = 3_000;
    await beatAndPoll();
    expect(feed.isBroken()).to.equal(false);
    steady = 3_001;
    await beatAndPoll();
    expect(feed.isBroken()).to.equal(true);
    steady = 10_000;
    await one.member.beat();
    feed.restart();
    await beatAndPoll();
    expect(feed.isBroken()).to.equal(false);
    expect(feed.asOf()?.steady).to.equal(10_000);
  });

  it('is broken after half the time for which logs are kept: whoever has ended since may be gone', async () => {
    await beatAndPoll();
    steady = RETENTION_MS / 2;
    await beatAndPoll();
    expect(feed.isBroken()).to.equal(false);
    steady = RETENTION_MS + 1;
    await beatAndPoll();
    expect(feed.isBroken()).to.equal(true);
    expect(feed.asOf()?.steady).to.equal(RETENTION_MS / 2);
  });

  it('counts a process as silent from its last heartbeat on, by its own clock', async () => {
    await writer('one').append('a');
    await beatAndPoll();
    steady = 20_000;
    await writer('two').append('b');
    await beatAndPoll();
    steady = 30_000;
    await beatAndPoll();
    expect(feed.silent(15_000).map(({ sort }) => sort)).to.deep.equal(['one']);
    expect(feed.silent(30_000)).to.deep.equal([]);
  });

  it('counts on where it starts over, or whoever has left a gap behind would never be called silent', async () => {
    await writer('one').append('a');
    await beatAndPoll();
    steady = 20_000;
    feed.restart();
    await beatAndPoll();
    expect(feed.silent(15_000).map(({ sort }) => sort)).to.deep.equal(['one']);
  });

  it('goes on from where an earlier process was', async () => {
    const one = writer('one');
    await one.append('a', 'b', 'c');
    const kept = { positions: new Map([['one', 2]]), asOf: clock() };
    feed = createFeed(store, member, clock, apply, { kept });
    await beatAndPoll();
    expect(applied).to.deep.equal(['c']);
    expect(feed.positions()).to.deep.equal(new Map([['one', 3]]));
  });

  it('is read page by page', async () => {
    await beatAndPoll();
    await writer('one').append(...Array.from({ length: 450 }, (_, n) => `key ${n}`));
    await beatAndPoll();
    expect(applied).to.have.length(450);
    const numbers: number[] = [];
    for await (const { number } of readLog(memory, 'one', 440)) numbers.push(number);
    expect(numbers).to.deep.equal([441, 442, 443, 444, 445, 446, 447, 448, 449, 450]);
  });
});
