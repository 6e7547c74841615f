import { expect } from 'chai';
import { createCallQueue } from '../../../../runtime/worker/limits/call-queue.ts';

describe('the calls of a worker', () => {
  it('are answered a few at a time, in turn', async () => {
    const queue = createCallQueue();
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    for (let i = 0; i < 20; i += 1) {
      queue.take(10, () => {
        begun.push(i);
        return new Promise((resolve) => ends.push(resolve));
      });
    }
    expect(begun.length).to.equal(16);
    ends[3]?.();
    await new Promise(setImmediate);
    expect(begun.length).to.equal(17);
  });

  it('are refused where too many wait, or too much', () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    const many = createCallQueue();
    let taken = 0;
    while (many.take(1, never)) taken += 1;
    expect(taken).to.equal(16 + 10_000);
    const large = createCallQueue();
    expect([large.take(16 << 20, never), large.take(16 << 20, never), large.take(1, never)]).to.deep.equal([
      true,
      true,
      false,
    ]);
  });
});
