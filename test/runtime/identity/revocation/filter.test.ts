import { expect } from 'chai';
import { createFilter, mayBeIn, putIn } from '../../../../runtime/identity/revocation/filter.ts';
import { createRandom } from '../../../support/revocation-simulation/world.ts';

describe('a filter of fingerprints', () => {
  it('says of all that are in it that they may be, and of nearly all others that they are not', () => {
    const random = createRandom(1);
    const words = Array.from({ length: 20_000 }, () => random.below(2 ** 32));
    const filter = createFilter();
    expect(words.some((word) => mayBeIn(filter, word))).to.equal(false);
    for (const word of words.slice(0, 10_000)) putIn(filter, word);
    expect(words.slice(0, 10_000).every((word) => mayBeIn(filter, word))).to.equal(true);
    // Of a million bits one in a hundred is taken.
    expect(words.slice(10_000).filter((word) => mayBeIn(filter, word)).length).to.be.below(200);
  });

  it('takes the least and the greatest', () => {
    const filter = createFilter();
    for (const word of [0, 2 ** 32 - 1]) {
      putIn(filter, word);
      expect(mayBeIn(filter, word)).to.equal(true);
    }
  });
});
