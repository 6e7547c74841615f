import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { pages } from '../../docs/generate.ts';

describe('the pages that are made from the code', () => {
  for (const [path, text] of Object.entries(pages())) {
    it(`${path} is up to date; npm run docs writes it`, () => {
      expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).to.equal(text);
    });
  }
});
