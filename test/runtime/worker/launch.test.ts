import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { canLimit } from '../../../runtime/worker/launch.ts';
import { skipUnlessRoot } from '../../support/isolation.ts';
import { FROM_SOURCE } from '../../support/program.ts';
import { useWorker } from '../../support/worker.ts';

describe('a worker that is a process, and not shut in', () => {
  before(function () {
    if (canLimit()) return;
    console.log('      skipped: there is no prlimit here (apt-get install util-linux)');
    this.skip();
  });
  const its = useWorker('process');

  it('is held by the system to the limits of memory and files, and leaves no core file', () => {
    const lines = readFileSync(`/proc/${its.worker.pid}/limits`, 'utf8').split('\n');
    const limits = Object.fromEntries(
      lines.map((line) => [line.slice(0, 26).trim(), line.slice(26).split(/\s+/).slice(0, 2)]),
    );
    expect(limits).to.deep.include({
      'Max core file size': ['0', '0'],
      'Max open files': ['1024', '1024'],
      'Max cpu time': ['3600', '3600'],
    });
    expect(Number(limits['Max data size']?.[1])).to.be.within(256 << 20, 1 << 30);
  });

  it('has a home where its user is in no list of users, since packages look for one when they load', function () {
    skipUnlessRoot(this);
    const script = `import { launchProcess } from './runtime/worker/launch.ts';
      console.log(JSON.stringify(launchProcess('/worker.cjs', { memoryBytes: 1, files: 1 }).env));`;
    const node = [process.execPath, ...FROM_SOURCE, '--input-type=module', '--eval', script];
    const envOf = (uid: number): string =>
      execFileSync('setpriv', [`--reuid=${uid}`, '--clear-groups', ...node], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, TMPDIR: '/tmp' },
      }).trim();
    expect([envOf(0), envOf(299_007)]).to.deep.equal(['{}', '{"HOME":"/tmp"}']);
  });
});
