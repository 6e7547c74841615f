import { expect } from 'chai';
import { containersOf, coversContainer } from '../../../runtime/token/index.ts';
import { refusalIn } from '../../support/refusal.ts';

describe('the containers of a token', () => {
  it('are all of them where the claim is absent', () => {
    expect(coversContainer(undefined, 'shop')).to.equal(true);
  });

  for (const [ten, container, covered] of [
    ['shop', 'shop', true],
    ['shop', 'Shop', false],
    ['shop', 'sho', false],
    ['shop', 'shops', false],
    ['shop', '', false],
    ['shop,books', 'books', true],
    ['shop, books', 'books', true],
    ['shop,books', 'shop,books', false],
    ['shop,/b.*/', 'books', false],
    ['*', 'shop', false],
  ] as const) {
    it(`of ten "${ten}" ${covered ? 'have' : 'do not have'} "${container}" among them: names are whole and exact`, () => {
      expect(coversContainer(ten, container)).to.equal(covered);
    });
  }

  it('cannot be a regular expression, whose reading takes time that a caller chooses', () => {
    for (const ten of ['/^shop[0-9]$/', '//', '/shop,/']) {
      expect(refusalIn(() => coversContainer(ten, 'shop1'))).to.deep.equal({
        code: 'TOKEN_CONTAINER_PATTERN',
        message: `The container pattern ${ten} cannot be used here.`,
        fix: 'Name the containers one by one, with commas between.',
      });
    }
  });

  it('are listed without the blanks around them', () => {
    expect(containersOf('shop')).to.deep.equal(['shop']);
    expect(containersOf('shop, books ,a')).to.deep.equal(['shop', 'books', 'a']);
  });
});
