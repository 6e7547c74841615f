import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { killTree } from '../../../../runtime/worker/limits/kill-tree.ts';
import { type ProcessTree, readProcessTree, usedSince } from '../../../../runtime/worker/limits/process-tree.ts';

describe('a process and all that come from it', () => {
  before(function () {
    if (process.platform !== 'linux') this.skip(); // there is no /proc
  });

  /** A shell, one below it that has worked, and two below that, one of them in a session of its own. */
  const start = () => {
    const script =
      'sh -c "i=0; while [ \\$i -lt 200000 ]; do i=\\$((i+1)); done; setsid sleep 60 & echo up; sleep 60" & wait';
    return spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  };

  it('are counted together: their CPU time, their threads', async () => {
    const child = start();
    await once(child.stdout, 'data');
    const tree = readProcessTree(child.pid ?? 0);
    killTree(child.pid ?? 0);
    expect(tree?.pids[0]).to.equal(child.pid);
    expect(tree?.pids.length).to.be.within(3, 4); // a shell may become what it runs last
    expect(tree?.threads).to.equal(tree?.pids.length);
    expect(tree?.cpuMs).to.be.within(10, 60_000);
    expect(tree?.residentBytes).to.be.within(100_000, 100 << 20);
  });

  it('have used what they have, also where those that end are waited for by nobody, and so are in no sum', () => {
    const tree = (cpuMs: number, own: [pid: number, ms: number][]): ProcessTree => {
      return { pids: own.map(([pid]) => pid), threads: own.length, cpuMs, ownMs: new Map(own), residentBytes: 0 };
    };
    const before = tree(1_000, [
      [1, 100],
      [2, 900],
    ]);
    // 2 has ended after 950 ms, and 1 waited for it.
    expect(usedSince(before, tree(1_060, [[1, 110]]))).to.equal(60);
    // 2 has ended, and nobody waited for it; 3 is there in its place.
    const after = tree(900, [
      [1, 100],
      [3, 800],
    ]);
    expect(usedSince(before, after)).to.equal(800);
    expect(usedSince(before, before)).to.equal(0);
  });

  it('end together, also those that left its group', async () => {
    const child = start();
    await once(child.stdout, 'data');
    const pids = readProcessTree(child.pid ?? 0)?.pids ?? [];
    killTree(child.pid ?? 0);
    await once(child, 'close'); // all have let go of its output
    expect(pids.length).to.be.within(3, 4);
    expect(readProcessTree(child.pid ?? 0)).to.equal(undefined);
  });
});
