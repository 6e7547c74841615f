import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { killTree } from '../../../../runtime/worker/limits/kill-tree.ts';
import { commandsWith } from '../../../support/attacked.ts';
import { until } from '../../../support/until.ts';

describe('a process that is ended with all that come from it', () => {
  beforeEach(function () {
    if (process.platform !== 'linux') this.skip(); // nobody knows what comes from it
  });
  /** A number of seconds that no other `sleep` of this machine has. */
  const seconds = () => 1_000_000 + Math.floor(Math.random() * 1_000_000);
  const start = (script: string) =>
    spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });

  it('takes those with it that left its group, and that end by no other signal', async () => {
    const mark = `sleep ${seconds()}`;
    const { pid = 0, stdout } = start(`setsid sh -c 'trap "" HUP TERM INT; echo up; ${mark}; ${mark}' & wait`);
    await once(stdout, 'data');
    await until(() => commandsWith(mark).some((command) => command.startsWith('sleep')));
    killTree(pid);
    await until(() => commandsWith(mark).length === 0);
  });

  it('takes those with it that are started meanwhile', async () => {
    const mark = `sleep ${seconds()}`;
    const { pid = 0, stdout } = start(`n=0; while [ $n -lt 400 ]; do setsid ${mark} & n=$((n+1)); echo $n; done; wait`);
    await once(stdout, 'data');
    killTree(pid);
    await until(() => commandsWith(mark).length === 0);
  });

  it('is nobody where it was never started: to the system that would be this process and its group', () => {
    killTree(0);
  });
});
