import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createCgroup } from '../../../../runtime/worker/cgroup/cgroup.ts';
import { describeInCgroup, giveControllers, groupsIn, startShell } from '../../../support/cgroups.ts';

const LIMITS = { memoryBytes: 32 << 20, processes: 20 };
const MODULE = fileURLToPath(new URL('../../../../runtime/worker/cgroup/open-cgroups.ts', import.meta.url));
const COMPILE = fileURLToPath(new URL('../../../../runtime/compile/register.js', import.meta.url));

/** What a server says that is started in a group, beside others or alone: what is limited, and where it is then. */
const SAYS = `
const { openCgroups } = await import(${JSON.stringify(MODULE)});
const { controllers } = await openCgroups();
const path = (await import('node:fs')).readFileSync('/proc/self/cgroup', 'utf8');
console.log(controllers.join(), /^0::.*?(webtask-test-[^/]*.*)$/m.exec(path)[1].replace(/webtask-[0-9-]+/, 'OWN'));
`;

async function startIn(folder: string, beside: string): Promise<string> {
  const script = `echo 0 > "${folder}/cgroup.procs"; ${beside} exec "$@"`;
  const node = [process.execPath, '--import', COMPILE, '--input-type=module', '-e', SAYS];
  const child = spawn('sh', ['-c', script, 'sh', ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
  return (await text(child.stdout)).trim();
}

describeInCgroup(
  'the control group of a worker, where the kernel limits memory and processes in it',
  (folder) => {
    const controllers = ['memory', 'pids'] as const;
    before(() => giveControllers(folder));

    it('ends all that is in it when they have no more memory together, that of files in memory included', async () => {
      const cgroup = createCgroup(join(folder, 'memory'), controllers, LIMITS);
      const file = `/dev/shm/${basename(folder)}`;
      const shell = startShell(`head -c 64M /dev/zero > ${file}; sleep 300`);
      await cgroup.take(shell.pid, Promise.resolve());
      expect(cgroup.ranOutOfMemory()).to.equal(false);
      shell.go();
      expect(await shell.ended).to.equal('SIGKILL');
      rmSync(file);
      await cgroup.remove();
      expect(cgroup.ranOutOfMemory()).to.equal(true);
    });

    it('has no more processes and threads in it than it may', async () => {
      const cgroup = createCgroup(join(folder, 'pids'), controllers, LIMITS);
      const shell = startShell('for i in $(seq 30); do sleep 300 & done 2>/dev/null; wait');
      await cgroup.take(shell.pid, Promise.resolve());
      shell.go();
      expect(await shell.ended).to.equal('2'); // what a shell ends with that cannot fork
      expect(readFileSync(join(folder, 'pids', 'pids.peak'), 'utf8').trim()).to.equal('20');
      await cgroup.remove();
    });

    it('is there for a server that is alone in its group, which it leaves for one below; not beside others', async () => {
      const [alone, beside] = [join(folder, 'alone'), join(folder, 'beside')];
      for (const one of [alone, beside]) mkdirSync(one);
      expect(await startIn(alone, '')).to.match(/^memory,pids webtask-test-.*\/alone\/OWN\/server$/);
      expect(groupsIn(alone)).to.deep.equal([]);
      expect(await startIn(alone, '')).to.match(/^memory,pids webtask-test-.*\/alone\/OWN\/server$/);
      expect(await startIn(beside, 'setsid sh -c "sleep 300 &" > /dev/null;')).to.match(/^webtask-test-.*\/beside$/);
    });
  },
  ['memory', 'pids'],
);
