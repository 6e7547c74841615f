import { expect } from 'chai';
import { share } from '../../../../runtime/identity/revocation/share.ts';

describe('a call that is shared', () => {
  it('is made once for all who ask before it begins, and once more for those who ask while it is under way', async () => {
    const ends: ((value: number) => void)[] = [];
    const call = share(() => new Promise<number>((resolve) => ends.push(resolve)));
    const first = [call(), call()];
    await new Promise(setImmediate);
    const later = [call(), call()];
    await new Promise(setImmediate);
    expect(ends).to.have.length(1);
    ends[0]?.(1);
    expect(await Promise.all(first)).to.deep.equal([1, 1]);
    await new Promise(setImmediate);
    expect(ends).to.have.length(2);
    ends[1]?.(2);
    expect(await Promise.all(later)).to.deep.equal([2, 2]);
  });

  it('fails for those who asked for it, and not for those who ask next', async () => {
    let calls = 0;
    const call = share(async () => {
      calls += 1;
      if (calls === 1) throw new Error('the first');
      return calls;
    });
    const outcomes = await Promise.allSettled([call(), call()]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    expect(await call()).to.equal(2);
  });
});
