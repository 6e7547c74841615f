import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const STATEMENTS = 103;

/** The statements that a test over HTTP is titled with, those aside that only say that there is none yet. */
function tested(): Set<number> {
  const found = new Set<number>();
  const folder = new URL('../conformance/', import.meta.url);
  for (const file of readdirSync(folder).filter((it) => it.endsWith('.test.ts'))) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    for (const [, number, end] of text.matchAll(/\b(?:it|own)\(\s*['"`](\d+)\..*['"`](\)?)/g)) {
      if (end === '') found.add(Number(number));
    }
  }
  return found;
}

describe('docs/compatibility.md', () => {
  it('is right that every statement has its test, over HTTP', () => {
    const numbers = Array.from({ length: STATEMENTS }, (_, i) => i + 1);
    expect([...tested()].sort((a, b) => a - b)).to.deep.equal(numbers);
  });
});
