import { expect } from 'chai';
import { keepByNumber } from '../../../runtime/worker/by-number.ts';

describe('things by their number', () => {
  it('are found, counted, listed in the order of their numbers, and gone when they are deleted', () => {
    const things = keepByNumber<string>();
    things.set(7, 'seven');
    things.set(2, 'two');
    things.set(2, 'two again');
    expect([things.get(2), things.get(3), things.size, things.all()]).to.deep.equal([
      'two again',
      undefined,
      2,
      ['two again', 'seven'],
    ]);
    expect([things.delete(2), things.delete(2), things.get(2), things.size]).to.deep.equal([true, false, undefined, 1]);
    things.clear();
    expect([things.get(7), things.size, things.all()]).to.deep.equal([undefined, 0, []]);
  });
});
