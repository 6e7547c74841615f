import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { findProgram } from '../../../runtime/worker/program.ts';
import { FROM_SOURCE, toItsEnd } from '../../support/program.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

describe('the program of a worker', () => {
  it('is one file that needs no other: a worker that is shut in has no more', async () => {
    const program = await findProgram();
    const required = readFileSync(program, 'utf8').match(/(?<=require\("|import\(")[^"]+/g) ?? [];
    expect(required.filter((it) => !it.startsWith('node:')).sort()).to.deep.equal(['./register.js', 'esbuild']);
  });

  it('can be read by other users, and written by none', async function () {
    if (process.platform === 'win32') this.skip(); // which has no modes
    const program = await findProgram(true);
    expect([statSync(program).mode & 0o777, statSync(dirname(program)).mode & 0o777]).to.deep.equal([0o644, 0o755]);
  });

  it('is the same file for all processes that make it at once, and none of them leaves anything behind', async () => {
    const script = `const { findProgram } = await import('./runtime/worker/program.ts'); console.log(await findProgram());`;
    const start = () =>
      toItsEnd(spawn(process.execPath, [...FROM_SOURCE, '--input-type=module', '--eval', script], { cwd: REPOSITORY }));
    const paths = (await Promise.all([start(), start(), start()])).map(({ stdout }) => stdout.trim());
    expect([...new Set(paths)]).to.deep.equal([await findProgram()]);
  });

  it('is in what is published', () => {
    if (process.env.WEBTASK_TEST_PROGRAMS !== 'compiled') return;
    expect(existsSync(`${REPOSITORY}dist/worker.cjs`)).to.equal(true);
  });
});
