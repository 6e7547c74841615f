import { expect } from 'chai';
import { createRestarts } from '../../../runtime/worker/restarts.ts';

describe('containers whose workers end one after the other', () => {
  it('wait after the fourth end within ten seconds, each for itself, and less as time goes by', () => {
    let now = 1_000;
    const restarts = createRestarts(2_000, () => now);
    for (let i = 0; i < 3; i += 1) restarts.ended('a');
    expect(restarts.waitOf('a')).to.equal(0);
    restarts.ended('a');
    expect([restarts.waitOf('a'), restarts.waitOf('b')]).to.deep.equal([2_000, 0]);
    now += 500;
    expect(restarts.waitOf('a')).to.equal(1_500);
    now += 1_500;
    expect(restarts.waitOf('a')).to.equal(0);
  });

  it('do not wait any more when those ends are long ago', () => {
    let now = 0;
    const restarts = createRestarts(2_000, () => now);
    for (let i = 0; i < 4; i += 1) restarts.ended('a');
    now = 10_000;
    restarts.sweep();
    restarts.ended('a');
    expect(restarts.waitOf('a')).to.equal(0);
  });

  it('never wait where there is no pause', () => {
    const restarts = createRestarts(0, () => 0);
    for (let i = 0; i < 9; i += 1) restarts.ended('a');
    expect(restarts.waitOf('a')).to.equal(0);
  });
});
