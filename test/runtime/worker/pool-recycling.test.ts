import { expect } from 'chai';
import { poolOf, turn } from '../../support/pool.ts';

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
