import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { renderResults } from '../bench/support/results.ts';

const BENCH = new URL('../bench/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, BENCH), 'utf8');

describe('test/bench/RESULTS.md', () => {
  it('says what was found and kept, and so do its plots: nothing is written by hand', () => {
    const rendered = renderResults();
    expect([...rendered.keys()]).to.include.members(['RESULTS.md', 'results/run.svg']);
    for (const [file, text] of rendered) expect(text, file).to.equal(read(file));
  });

  const kept = readdirSync(new URL('results/', BENCH)).filter((it) => it.endsWith('.json'));
  for (const file of kept) {
    it(`has of ${file} when, on what and of which versions, medians with their ranges, and ratios`, () => {
      const result = JSON.parse(read(`results/${file}`));
      expect(result).to.have.all.keys('date', 'load', 'machine', 'versions', 'rounds', 'contenders', 'ratios');
      expect(read('RESULTS.md')).to.contain(`## ${file.replace('.json', '')}\n\n${result.date}; cpu `);
      for (const it of Object.values(result.contenders)) expect(it).to.have.all.keys('median', 'min', 'max', 'unit');
      const names = Object.keys(result.contenders);
      for (const pair of Object.keys(result.ratios)) {
        const known = pair.split('/').map((side) => names.some((name) => name.startsWith(side)));
        expect(known, pair).to.deep.equal([true, true]);
      }
    });
  }
});
