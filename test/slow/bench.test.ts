import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { FROM_SOURCE } from '../support/program.ts';

const RUN = fileURLToPath(new URL('../bench/run.ts', import.meta.url));

describe('npm run bench -- limits --quick --json', () => {
  it('prints one JSON object with what was measured, and on what', () => {
    const args = [...FROM_SOURCE, RUN, 'limits', '--quick', '--json'];
    const result = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<string, unknown>;
    expect(result).to.have.all.keys('bench', 'machine', 'versions', 'rounds', 'contenders', 'ratios');
    expect(result.contenders).to.deep.include({
      'no limits, 1 server': { median: 0, min: 0, max: 0, unit: 'store writes per 1,000 runs' },
      'ls:1000, 1 server': { median: 20.17, min: 20.17, max: 20.17, unit: 'store writes per 1,000 runs' },
    });
  });
});
