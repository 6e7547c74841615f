import { expect } from 'chai';
import { giveBack, lendBuffer } from '../../../../runtime/invoke/index.ts';

const KIB = 1024;

describe('buffers of bodies', () => {
  it('are used again when they are given back, for pieces of another length too', () => {
    for (const [first, next] of [
      [200 * KIB, 256 * KIB],
      [64 * KIB, 33 * KIB],
    ] as const) {
      const lent = lendBuffer(first);
      expect([lent.length, giveBack(lent)]).to.deep.equal([first, true]);
      const again = lendBuffer(next);
      expect([again.length, again.buffer === lent.buffer]).to.deep.equal([next, true]);
    }
  });

  it('are one reader’s as long as they are not given back', () => {
    const [first, second] = [lendBuffer(100 * KIB), lendBuffer(100 * KIB)];
    expect(first.buffer).not.to.equal(second.buffer);
  });

  it('are given back once, and whole', () => {
    const lent = lendBuffer(100 * KIB);
    expect(giveBack(lent.subarray(0, 50 * KIB))).to.equal(false);
    expect(giveBack(lent.subarray(50 * KIB))).to.equal(false);
    expect(giveBack(Buffer.from(lent.buffer))).to.equal(false);
    expect(giveBack(lent)).to.equal(true);
    expect(giveBack(lent)).to.equal(false);
    const [first, second] = [lendBuffer(100 * KIB), lendBuffer(100 * KIB)];
    expect(first.buffer).not.to.equal(second.buffer);
  });

  it('are not those that somebody else has made, nor small ones, nor ones for all at once', () => {
    expect(giveBack(Buffer.alloc(256 * KIB))).to.equal(false);
    expect(giveBack(lendBuffer(1000))).to.equal(false);
    const large = lendBuffer(1024 * KIB);
    expect([large.length, giveBack(large)]).to.deep.equal([1024 * KIB, false]);
  });

  it('are kept up to 8 MiB', () => {
    const many = Array.from({ length: 40 }, () => lendBuffer(256 * KIB));
    const given = many.filter(giveBack).length;
    expect(given).to.be.within(1, 32);
    expect(
      Array.from({ length: given }, () => lendBuffer(256 * KIB)).every((it) =>
        many.some((was) => was.buffer === it.buffer),
      ),
    ).to.equal(true);
  });
});
