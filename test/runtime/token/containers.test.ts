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

  for (const [ten, container, covered] of [
    ['/^shop[0-9]$/', 'shop1', true],
    ['/^shop[0-9]$/', 'shop12', false],
    ['/^shop[0-9]$/', 'shop1\n', false],
    ['/hop/', 'shops', true],
    ['/^shop,books$/', 'shop,books', true],
    ['//', 'anything', true],
    ['/', 'shop', false],
    ['/shop/i', 'shop', false],
  ] as const) {
    it(`of the pattern ${ten} ${covered ? 'have' : 'do not have'} ${JSON.stringify(container)} among them`, () => {
      expect(coversContainer(ten, container)).to.equal(covered);
    });
  }

  for (const [ten, reason] of [
    ['/(?=shop)/', 'invalid or unsupported Perl syntax: `(?=` (look-around and back-references cannot be used)'],
    ['/(?<!a)shop/', 'invalid named capture: `(?<!a)shop` (look-around and back-references cannot be used)'],
    ['/(a)\\1/', 'invalid escape sequence: `\\1` (look-around and back-references cannot be used)'],
    [`/${'a'.repeat(257)}/`, 'it has more than 256 characters'],
  ] as const) {
    it(`cannot be given by the pattern ${ten.slice(0, 20)}, which RE2 does not read: the token is good nowhere`, () => {
      for (const _ of ['read', 'remembered']) {
        expect(refusalIn(() => coversContainer(ten, 'shop'))).to.deep.equal({
          code: 'TOKEN_CONTAINER_PATTERN',
          message: `The container pattern ${ten} cannot be used: ${reason}.`,
          fix: 'Write it as RE2 reads it, or name the containers one by one, with commas between.',
        });
      }
    });
  }

  it('are found in time that grows with the name, whatever the pattern', () => {
    const startedAt = performance.now();
    expect(coversContainer('/^(a+)+$/', `${'a'.repeat(5000)}b`)).to.equal(false);
    expect(performance.now() - startedAt).to.be.below(1000);
  });

  it('are listed without the blanks around them', () => {
    expect(containersOf('shop')).to.deep.equal(['shop']);
    expect(containersOf('shop, books ,a')).to.deep.equal(['shop', 'books', 'a']);
  });
});
