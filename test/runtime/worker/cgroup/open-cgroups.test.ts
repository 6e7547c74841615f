import { chownSync, existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { openBelow } from '../../../../runtime/worker/cgroup/open-cgroups.ts';
import { describeInCgroup, groupsIn, startShell } from '../../../support/cgroups.ts';
import { skipUnlessRoot } from '../../../support/isolation.ts';
import { until } from '../../../support/until.ts';

const LIMITS = { memoryBytes: 64 << 20, processes: 20 };

describeInCgroup('the control groups of a server', (folder) => {
  /** Where a server of that number would have its groups. */
  const folderOf = (pid: number): string => {
    const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
    return join(folder, `webtask-${namespace}-${pid}-1`);
  };

  it('are in one of its own, below that of the server', () => {
    const cgroups = openBelow(folder);
    cgroups?.create(LIMITS);
    cgroups?.create(LIMITS);
    const [own = '', ...others] = groupsIn(folder);
    expect(own).to.match(new RegExp(`^webtask-\\d+-${process.pid}-\\d+$`));
    expect(others).to.deep.equal([]);
    expect(groupsIn(join(folder, own)).sort()).to.deep.equal(['worker-1', 'worker-2']);
  });

  it('are ended and removed when the server was killed, at the start of the next; those of a running one are left alone', async () => {
    const left = folderOf(2 ** 22);
    const others = [folderOf(process.ppid), join(folder, 'of-somebody-else')];
    for (const one of [left, ...others]) mkdirSync(`${one}/worker-1`, { recursive: true });
    const shell = startShell('sleep 300');
    writeFileSync(`${left}/worker-1/cgroup.procs`, String(shell.pid));
    openBelow(folder);
    expect(await shell.ended).to.equal('SIGKILL');
    await until(() => !existsSync(left));
    expect(others.map(groupsIn)).to.deep.equal([['worker-1'], ['worker-1']]);
  });

  it('are there for who is no root too, where a group was given to them', function () {
    skipUnlessRoot(this);
    const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')];
    for (const one of [theirs, ours]) mkdirSync(one);
    chownSync(theirs, 65_534, 65_534);
    process.seteuid?.(65_534);
    try {
      expect(openBelow(ours)).to.equal(undefined);
      openBelow(theirs)?.create(LIMITS);
    } finally {
      process.seteuid?.(0);
    }
    expect(groupsIn(ours)).to.deep.equal([]);
    expect(groupsIn(join(theirs, groupsIn(theirs)[0] ?? ''))).to.deep.equal(['worker-1']);
  });
});
