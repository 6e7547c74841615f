import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import { expect } from 'chai';
import { createPausableTimers, type PausableTimers } from '../../../../runtime/server/dev/pausable-timers.ts';

describe('timers that stand still together', () => {
  let clock: Clock;
  let timers: PausableTimers;
  let rang: string[];
  beforeEach(() => {
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    timers = createPausableTimers();
    rang = [];
  });
  afterEach(() => clock.uninstall());

  const start = (name: string, ms: number) => timers.start(ms, () => rang.push(name));
  const elapse = (ms: number): string[] => {
    clock.tick(ms);
    return rang.splice(0);
  };

  it('call back once, in their time', () => {
    start('a', 100);
    start('b', 50);
    expect([elapse(49), elapse(1), elapse(49), elapse(1), elapse(1000)]).to.deep.equal([[], ['b'], [], ['a'], []]);
  });

  it('do not count the time in which they stand still, however often that is', () => {
    start('a', 100);
    expect(elapse(40)).to.deep.equal([]);
    for (const _ of [1, 2]) {
      timers.pause(true);
      timers.pause(true);
      expect(elapse(10_000)).to.deep.equal([]);
      timers.pause(false);
      timers.pause(false);
      expect(elapse(20)).to.deep.equal([]);
    }
    expect([elapse(19), elapse(1)]).to.deep.equal([[], ['a']]);
  });

  it('wait with all of their time where they are started while others stand still', () => {
    timers.pause(true);
    start('a', 100);
    clock.tick(10_000);
    timers.pause(false);
    expect([elapse(99), elapse(1)]).to.deep.equal([[], ['a']]);
  });

  it('are taken back, whether they stand still or not, and stay so', () => {
    const [stopA, stopB] = [start('a', 100), start('b', 100)];
    stopA();
    timers.pause(true);
    stopB();
    timers.pause(false);
    expect([elapse(1000), clock.countTimers()]).to.deep.equal([[], 0]);
  });
});
