import { expect } from 'chai';
import { atMost } from '../../../runtime/store/at-most.ts';

describe('a gate', () => {
  it('lets no more through at once than it was made for, in their order, also after failures', async () => {
    const gate = atMost(2);
    const started: number[] = [];
    let underWay = 0;
    let most = 0;
    const calls = Array.from({ length: 20 }, (_, i) =>
      gate(async () => {
        started.push(i);
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        if (i % 3 === 0) throw new Error(`call ${i}`);
        return i;
      }),
    );
    const ends = await Promise.allSettled(calls);
    expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason.message))).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? `call ${i}` : i)),
    );
    expect(started).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
    expect([most, underWay]).to.deep.equal([2, 0]);
  });
});
