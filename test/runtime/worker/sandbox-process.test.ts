import { readFileSync, readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { type Limits, readLimits } from '../../../runtime/worker/limits/limits.ts';
import { dataBytes } from '../../../runtime/worker/limits/node-arguments.ts';
import { openStarter } from '../../../runtime/worker/open-starter.ts';
import type { Worker } from '../../../runtime/worker/start-worker.ts';
import { skipUnlessNetworked, skipUnlessRoot, skipUnlessShutIn } from '../../support/isolation.ts';
import { descendantsOf } from '../../support/processes.ts';

const USERS = { first: 200_000, last: 265_535 };
const LIMITS: Limits = { ...readLimits({}), memoryBytes: 64 << 20, temporaryBytes: 2 << 20, processes: 40, files: 200 };

for (const network of ['none', 'public'] as const) {
  describe(`what a worker that is shut in is for its machine, with the network ${network}`, function () {
    this.timeout(30_000); // for starts on a busy machine
    const workers: Worker[] = [];
    const start = openStarter({
      mode: 'sandbox',
      readable: [],
      users: USERS,
      limits: LIMITS,
      network,
      onOutput: () => undefined,
    });
    before(async function () {
      skipUnlessShutIn(this);
      if (network === 'public') skipUnlessNetworked(this);
      // A server may be in groups, which are no worker's.
      const groups = process.getgroups?.();
      if (groups && process.getuid?.() === 0) process.setgroups?.([...groups, 200_000]);
      for (let i = 0; i < 2; i += 1) workers.push(await start(() => undefined));
      if (groups && process.getuid?.() === 0) process.setgroups?.(groups);
    });
    after(async () => {
      for (const worker of workers) worker.kill('the test is over');
      await Promise.all(workers.map(({ ended }) => ended));
    });

    /** The process of Node itself, and those that shut it in. */
    const processesOf = ({ pid }: Worker): number[] => [pid, ...descendantsOf(pid).map((it) => it.pid)];
    const nodeOf = (worker: Worker): number => processesOf(worker).at(-1) ?? 0;
    const statusOf = (pid: number, name: string): string[] => {
      const line = new RegExp(`^${name}:(.*)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      return (line?.[1] ?? '').split(/\s+/).filter((it) => it !== '');
    };

    it('a process in namespaces of its own, none of them the server’s or another worker’s', () => {
      const [first = 0, second = 0] = workers.map(nodeOf);
      for (const name of ['user', 'mnt', 'pid', 'net', 'ipc', 'uts']) {
        const all = [process.pid, first, second].map((pid) => readlinkSync(`/proc/${pid}/ns/${name}`));
        expect(new Set(all).size, name).to.equal(3);
      }
    });

    it('a user that nobody else is, not even another worker, and in no group but its own', function () {
      skipUnlessRoot(this);
      const users = workers.map((worker) => {
        const all = processesOf(worker).map((pid) => ['Uid', 'Gid', 'Groups'].map((name) => statusOf(pid, name)));
        const [[uid = []] = []] = all;
        expect(new Set(uid).size, 'real, effective, saved and that of the file system').to.equal(1);
        for (const it of all) expect(it).to.deep.equal([uid, uid, []]);
        return Number(uid[0]);
      });
      for (const uid of users) expect(uid).to.be.within(USERS.first, USERS.last);
      expect(users[0]).not.to.equal(users[1]);
    });

    it('without a capability, now or ever', () => {
      for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(statusOf(nodeOf(workers[0] as Worker), name), name).to.deep.equal(['0000000000000000']);
      }
    });

    it('held by the system to its limits, which are hard, and without a core file', () => {
      const lines = readFileSync(`/proc/${nodeOf(workers[0] as Worker)}/limits`, 'utf8').split('\n');
      const limits = Object.fromEntries(
        lines.map((line) => [line.slice(0, 26).trim(), line.slice(26).split(/\s+/).slice(0, 2)]),
      );
      const data = dataBytes(LIMITS.memoryBytes).toString();
      const files = (6 << 20).toString(); // those of its folder, and the memory that it shares
      expect(limits).to.deep.include({
        'Max core file size': ['0', '0'],
        'Max open files': ['200', '200'],
        'Max file size': [files, files],
        'Max cpu time': ['3600', '3600'],
        'Max data size': [data, data],
        ...(process.getuid?.() === 0 && { 'Max processes': ['40', '40'] }),
      });
    });
  });
}
