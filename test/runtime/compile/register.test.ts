import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const REGISTER = fileURLToPath(new URL('../../../runtime/compile/register.js', import.meta.url));
const SAY_COMPILERS = `console.log(JSON.stringify(Object.keys(require.cache).filter((file) => /[\\\\/]esbuild[\\\\/]/.test(file)).length));`;

describe('loading TypeScript without a build step', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-register-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (file: string, code: string): string => {
    writeFileSync(join(folder, file), code);
    return execFileSync(process.execPath, ['--import', REGISTER, join(folder, file)], { encoding: 'utf8' }).trim();
  };

  it('loads no compiler where all is JavaScript: its tests would wait for it', () => {
    expect(run('all.cjs', SAY_COMPILERS)).to.equal('0');
  });

  it('loads it for the first file that is TypeScript, required or imported', () => {
    writeFileSync(join(folder, 'one.cts'), 'module.exports = 1 as number;');
    writeFileSync(join(folder, 'two.mts'), 'export const two: number = 2;');
    expect(run('requires.cjs', `console.log(require('./one.cts')); ${SAY_COMPILERS}`)).to.equal('1\n1');
    expect(run('imports.mjs', "import { two } from './two.mts'; console.log(two);")).to.equal('2');
  });
});
