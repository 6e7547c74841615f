import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createCgroup } from '../../../../runtime/worker/cgroup/cgroup.ts';
import { describeInCgroup, pidsIn, startShell } from '../../../support/cgroups.ts';
import { listProcesses, untilGone } from '../../../support/processes.ts';
import { until } from '../../../support/until.ts';

const READY = Promise.resolve();
const LIMITS = { memoryBytes: 64 << 20, processes: 20 };

/** Starts one whose parent ends, in a session of its own: nothing says any more where it came from. */
const LEAVES = 'setsid sh -c "sleep 300 &"; sleep 300';

describeInCgroup('the control group of a worker', (folder) => {
  it('has a process in it, and all that comes from it', async () => {
    const group = join(folder, 'all');
    const cgroup = createCgroup(group, [], LIMITS);
    const shell = startShell('sleep 300 & wait');
    await cgroup.take(shell.pid, READY);
    expect(pidsIn(group)).to.deep.equal([shell.pid]);
    shell.go();
    await until(() => pidsIn(group).length === 2);
    await cgroup.remove();
    expect(await shell.ended).to.equal('SIGKILL');
    expect(existsSync(group)).to.equal(false);
  });

  it('has in it what came from a process before, and looks once more when that is ready', async () => {
    const group = join(folder, 'late');
    const cgroup = createCgroup(group, [], LIMITS);
    const shell = startShell('sleep 300 & wait');
    shell.go();
    await until(() => listProcesses().some(({ parent }) => parent === shell.pid));
    let isTaken = false;
    let tell = (): void => undefined;
    const ready = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const taken = cgroup.take(shell.pid, ready).then(() => {
      isTaken = true;
    });
    await until(() => pidsIn(group).length === 2);
    await new Promise(setImmediate);
    expect(isTaken).to.equal(false);
    tell();
    await taken;
    await cgroup.remove();
    expect(await shell.ended).to.equal('SIGKILL');
  });

  it('does not wait for a process that has ended', async () => {
    const cgroup = createCgroup(join(folder, 'ended'), [], LIMITS);
    await cgroup.take(2 ** 22, new Promise(() => undefined));
    await cgroup.remove();
  });

  it('ends also who left its parent, its process group and its session', async () => {
    const group = join(folder, 'left');
    const cgroup = createCgroup(group, [], LIMITS);
    const shell = startShell(LEAVES);
    await cgroup.take(shell.pid, READY);
    shell.go();
    await until(() => pidsIn(group).length === 3);
    const inside = listProcesses().filter(({ pid }) => pidsIn(group).includes(pid));
    cgroup.kill();
    await untilGone(inside);
    await cgroup.remove();
  });

  it('counts the CPU time of all that were ever in it, and still when it is gone', async () => {
    const cgroup = createCgroup(join(folder, 'time'), [], LIMITS);
    const shell = startShell('for i in 1 2 3 4 5 6 7 8; do setsid sh -c "sh -c exit &"; done');
    await cgroup.take(shell.pid, READY);
    const before = cgroup.cpuMs();
    shell.go();
    await shell.ended;
    await cgroup.remove();
    expect(before).to.be.lessThan(2);
    expect(cgroup.cpuMs()).to.be.greaterThan(4);
    expect(cgroup.ranOutOfMemory()).to.equal(false);
  });

  it('is not one that is there already', () => {
    expect(() => createCgroup(folder, [], LIMITS)).to.throw('EEXIST: file already exists');
  });
});
