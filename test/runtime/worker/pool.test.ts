import { install } from '@sinonjs/fake-timers';
import { expect } from 'chai';
import { createPool, type Pool } from '../../../runtime/worker/pool.ts';
import type { PoolLimits } from '../../../runtime/worker/pool-limits.ts';
import { LIMITS, type Process, poolOf, turn } from '../../support/pool.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('the pool of workers', () => {
  let pool: Pool;
  let started: Process[];
  let clock: { now: number };
  const use = (limits: Partial<PoolLimits> = {}): void => {
    ({ pool, started, clock } = poolOf(limits));
  };
  const pidOf = async (container: string): Promise<number> => (await pool.workerOf(container)).pid;
  /** Has the worker of a container answer a request that does not end. */
  const busy = async (container: string): Promise<{ worker: Process }> => {
    const pid = await pidOf(container);
    const worker = started[pid - 1] ?? expect.fail('it was not started');
    worker.count = 1;
    return { worker };
  };
  afterEach(() => pool.close());

  it('gives a container its own worker, one that was started before', async () => {
    use();
    await turn();
    expect(started.length).to.equal(1);
    expect([await pidOf('a'), await pidOf('b'), await pidOf('a')]).to.deep.equal([1, 2, 1]);
  });

  it('starts the next when the first answer of a container has gone, since a start would hold that up', async () => {
    use();
    await pidOf('a');
    await turn();
    started[0]?.onIdle();
    expect(started.length).to.equal(1);
    await turn();
    expect(started.length).to.equal(2);
  });

  it('starts the next without that where a first answer takes long', async () => {
    const clock = install({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      use();
      await pidOf('a');
      clock.tick(49);
      expect(started.length).to.equal(1);
      clock.tick(1);
      expect(started.length).to.equal(2);
    } finally {
      clock.uninstall();
    }
  });

  it('gives requests that come at once for a new container one worker', async () => {
    use();
    expect(await Promise.all([pidOf('a'), pidOf('a'), pidOf('a')])).to.deep.equal([1, 1, 1]);
  });

  it('has the idle worker that was used least recently make room', async () => {
    use({ spare: 0, max: 2 });
    clock.now = 1;
    await pidOf('a');
    clock.now = 2;
    await pidOf('b');
    clock.now = 3;
    await pidOf('a');
    expect(await pidOf('c')).to.equal(3);
    expect(started.map(({ killed }) => killed)).to.deep.equal([
      undefined,
      'another container needs its place',
      undefined,
    ]);
  });

  it('keeps a spare worker also when there are as many as there can be, so that no new container waits for a start', async () => {
    use({ spare: 1, max: 10 });
    const pids: number[] = [];
    for (let i = 0; i < 30; i++) {
      clock.now = i;
      const pid = await pidOf(`container ${i}`);
      pids.push(pid);
      started[pid - 1]?.onIdle();
      await turn();
      await turn();
      await turn();
    }
    expect([pids.at(-1), started.length]).to.deep.equal([30, 31]); // one is there for the next
    expect(started.filter(({ killed }) => killed === undefined).length).to.equal(10);
    expect(started[21]?.killed).to.equal(undefined);
    expect(started[20]?.killed).to.equal('another container needs its place');
  });

  it('lets a request wait for a busy worker, and refuses it where too many wait', async () => {
    use({ spare: 0, max: 1, maxWaiting: 1 });
    await pidOf('a');
    const [first] = started;
    if (!first) throw new Error('none was started');
    first.count = 1;
    const waiting = pidOf('b');
    await turn();
    expect(await refusalOf(pidOf('c'))).to.deep.equal({
      code: 'WORKERS_BUSY',
      message: 'All 1 workers are busy, and enough requests wait for one.',
      fix: 'Try again after 1 s.',
    });
    first.count = 0;
    first.onIdle();
    expect(await waiting).to.equal(2);
  });

  it('lets no container have more than half of the places to wait in', async () => {
    use({ spare: 0, max: 1, maxWaiting: 4 });
    const { worker } = await busy('a');
    const waiting = [pidOf('b'), pidOf('b')];
    expect(await refusalOf(pidOf('b'))).to.include({ code: 'WORKERS_BUSY' });
    waiting.push(pidOf('c'));
    Object.assign(worker, { count: 0 }).onIdle();
    expect(await Promise.all(waiting)).to.deep.equal([2, 2, 3]);
  });

  it('serves containers in the order in which they came', async () => {
    use({ spare: 0, max: 1 });
    const { worker } = await busy('a');
    const order: string[] = [];
    const waiting = ['b', 'c', 'd'].map((it) => pidOf(it).then(() => order.push(it)));
    await turn();
    Object.assign(worker, { count: 0 }).onIdle();
    await Promise.all(waiting);
    expect(order).to.deep.equal(['b', 'c', 'd']);
  });

  it('refuses a request that has waited too long', async () => {
    use({ spare: 0, max: 1, maxWaitMs: 0 });
    await busy('a');
    expect(await refusalOf(pidOf('b'))).to.include({ code: 'WORKERS_BUSY' });
  });

  it('takes no worker away from a request that was given it in the same turn', async () => {
    use({ spare: 0, max: 1 });
    await pool.workerOf('a');
    const given = busy('a');
    const waiting = pidOf('b');
    const { worker } = await given;
    await turn();
    expect(worker.killed).to.equal(undefined);
    Object.assign(worker, { count: 0 }).onIdle();
    expect(await waiting).to.equal(2);
  });

  it('gives the place of a worker that could not be started to whoever is next', async () => {
    let fails = true;
    const real = poolOf({ spare: 0, max: 1 });
    pool = createPool(
      async (onIdle) => {
        await turn();
        if (fails) throw new Error('not today');
        return real.start(onIdle);
      },
      { ...LIMITS, spare: 0, max: 1 },
      () => 0,
    );
    const first = pidOf('a').catch(({ message }) => message);
    const second = pidOf('b');
    await first;
    fails = false;
    expect([await first, await second]).to.deep.equal(['not today', 1]);
  });

  it('gives the next request a new worker when one has died', async () => {
    use({ spare: 0 });
    await pidOf('a');
    started[0]?.kill('it crashed');
    await turn();
    expect(await pidOf('a')).to.equal(2);
  });

  it('gives the next request a new worker when a webtask has spoiled the one there is', async () => {
    use({ spare: 0 });
    await pidOf('a');
    const [first] = started;
    if (!first) throw new Error('none was started');
    first.count = 1;
    first.isFit = false;
    expect(await Promise.all([pidOf('a'), pidOf('a')])).to.deep.equal([2, 2]);
    expect(first.killed).to.equal(undefined);
    first.count = 0;
    first.onIdle();
    expect(first.killed).to.equal('one of its webtasks left it unfit for others');
  });

  it('keeps one worker of a container at most that answers without end, so that none is left without a place', async () => {
    use({ spare: 0, max: 3 });
    for (let i = 0; i < 10; i++) {
      const { worker } = await busy('a');
      worker.isFit = false;
      await turn();
    }
    expect(started.filter(({ killed }) => killed === undefined).length).to.equal(2);
    expect(started[0]?.killed).to.equal('one of its webtasks left it unfit for others');
    expect(await pidOf('b')).to.equal(11);
  });

  it('ends a worker on demand', async () => {
    use({ spare: 0 });
    await pidOf('a');
    expect([pool.recycle('a', 'purged'), pool.recycle('b', 'purged')]).to.deep.equal([true, false]);
    expect(started[0]?.killed).to.equal('purged');
    expect(await pidOf('a')).to.equal(2);
  });

  it('ends all of them when it is closed, also those that were still starting', async () => {
    use({ spare: 2 });
    await pidOf('a');
    await pool.close();
    expect(started.map(({ killed }) => killed)).to.deep.equal(['the server stops', 'the server stops']);
  });
});
