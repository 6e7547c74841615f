import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import { expect } from 'chai';
import { type Process, poolOf, turn } from '../../support/pool.ts';

describe('a worker of the pool that has lived its time', () => {
  for (const [why, limits, after, reason] of [
    ['of idleness', { idleMs: 10 }, 10, 'it had nothing to do'],
    ['of age', { maxAgeMs: 10 }, 10, 'it was old'],
    ['of requests', { maxRequests: 1 }, 0, 'it had answered enough requests'],
  ] as const) {
    it(`gets no more requests, and ends when it has answered those it has (${why})`, async () => {
      const { pool, started, clock } = poolOf({ spare: 0, ...limits });
      await pool.workerOf('a');
      const [first] = started;
      if (!first) throw new Error('none was started');
      first.count = why === 'of idleness' ? 0 : 1;
      clock.now = after;
      pool.sweep();
      expect((await pool.workerOf('a')).pid).to.equal(2);
      if (why !== 'of idleness') expect(first.killed).to.equal(undefined);
      first.count = 0;
      first.onIdle();
      expect(first.killed).to.equal(reason);
      await pool.close();
    });
  }
});

describe('a container whose workers end one after the other', () => {
  let clock: Clock;
  beforeEach(() => {
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => clock.uninstall());

  const ends = {
    'by themselves': (it: Process) => it.kill('its process ended with exit code 1'),
    'since they are unfit': (it: Process) => void Object.assign(it, { isFit: false }),
  };
  for (const [how, end] of Object.entries(ends)) {
    it(`gets three others at once, and then waits for each; others do not (${how})`, async () => {
      const { pool, started, clock: time } = poolOf({ spare: 0, max: 20, restartMs: 2_000 });
      const endOne = async (): Promise<void> => {
        await pool.workerOf('a');
        const last = started.at(-1);
        if (last) end(last);
        await turn();
      };
      for (let i = 0; i < 4; i += 1) await endOne();
      const fifth = pool.workerOf('a');
      await turn();
      expect(started.length).to.equal(4);
      await pool.workerOf('b');
      expect(started.length).to.equal(5);
      await clock.tickAsync(1_999);
      expect(started.length).to.equal(5);
      await clock.tickAsync(1);
      expect((await fifth).pid).to.equal(6);
      time.now = 10_001;
      await endOne();
      await pool.workerOf('a');
      expect(started.length).to.equal(7);
      await pool.close();
    });
  }

  it('does not wait where the server has ended them', async () => {
    const { pool, started } = poolOf({ spare: 0, max: 20, restartMs: 2_000 });
    for (let i = 0; i < 8; i += 1) {
      await pool.workerOf('a');
      pool.recycle('a', 'its code has changed');
    }
    expect(started.length).to.equal(8);
    await pool.close();
  });
});

describe('a worker of the pool that keeps much memory', () => {
  it('is recycled when it has nothing to do', async function () {
    if (process.platform !== 'linux') return this.skip(); // nobody says there what it keeps
    const { pool, started } = poolOf({ spare: 0, maxKeptBytes: 1 });
    await pool.workerOf('a');
    const [first] = started;
    Object.assign(first ?? {}, { pid: process.pid });
    for (let second = 0; second < 30; second++) pool.sweep();
    await turn();
    expect(first?.killed).to.equal('it had kept too much memory');
    await pool.close();
  });
});
