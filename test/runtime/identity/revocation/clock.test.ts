import { expect } from 'chai';
import { ageOf } from '../../../../runtime/identity/revocation/clock.ts';

describe('how old something is', () => {
  const then = { wall: 1_000_000, steady: 5_000 };

  it('is what either clock says', () => {
    expect(ageOf(then, { wall: 1_000_700, steady: 5_700 })).to.equal(700);
  });

  it('is not less where the time of day was set back', () => {
    expect(ageOf(then, { wall: 1_000_000 - 3_600_000, steady: 12_000 })).to.equal(7_000);
  });

  it('is without end where it was set back by more than clocks may differ: it was wrong before', () => {
    expect(ageOf(then, { wall: 1_000_000 - 3_600_001, steady: 5_001 })).to.equal(Number.POSITIVE_INFINITY);
  });

  it('is not less where the machine has slept, and its clock of running time with it', () => {
    expect(ageOf(then, { wall: 1_000_000 + 3_600_000, steady: 5_100 })).to.equal(3_600_000);
  });
});
