import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const STATEMENTS = 103;

/** The statements that a test of these folders is titled with, those aside that only say that there is none yet. */
function tested(): Set<number> {
  const found = new Set<number>();
  for (const folder of ['conformance', 'clients']) {
    const url = new URL(`../${folder}/`, import.meta.url);
    for (const file of readdirSync(url).filter((it) => it.endsWith('.test.ts'))) {
      const text = readFileSync(new URL(file, url), 'utf8');
      for (const [, number, end] of text.matchAll(/\bit\(\s*['"`](\d+)\..*['"`](\)?)/g)) {
        if (end === '') found.add(Number(number));
      }
    }
  }
  return found;
}

describe('docs/compatibility.md', () => {
  it('says of every statement without a test that it is not kept yet', () => {
    const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
    const notYet = /## Not yet\n(.*?)\n## /s.exec(page)?.[1] ?? '';
    const said = [...notYet.matchAll(/^- ([\d, ]+):/gm)].flatMap(([, list = '']) => list.split(',').map(Number));
    const without = Array.from({ length: STATEMENTS }, (_, i) => i + 1).filter((it) => !tested().has(it));
    expect(said).to.deep.equal(without);
  });
});
