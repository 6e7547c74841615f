import { constants } from 'node:os';
import { expect } from 'chai';
import { useAttacked } from '../../../support/attacked.ts';
import { callProgram, dataAddress, type SystemCall } from '../../../support/call-program.ts';

const { ENOSYS, ENOSPC, EAFNOSUPPORT } = constants.errno;
const [SOCKET, SOCKETPAIR, CLONE, CLONE3, GETPID] = [41, 53, 56, 435, 39];
const [STREAM, CHILD_ENDS, NEW_USER] = [1, 17, 0x10000000];
/** Another way to each call, where a kernel has it (`__X32_SYSCALL_BIT`). */
const X32 = 0x40000000;

describe('webtasks that bring a program of their own, which calls the system past Node (sandbox)', function () {
  this.timeout(60_000);
  const its = useAttacked('sandbox');
  before(function () {
    if (process.arch === 'x64') return;
    console.log('      skipped: the program is for x64');
    this.skip();
  });

  const run = async (program: Buffer): Promise<{ results: number[]; signal: string | null }> => {
    const { body } = await its.attack(`const fs = require('fs');
      fs.writeFileSync('/tmp/program', Buffer.from('${program.toString('base64')}', 'base64'), { mode: 0o755 });
      module.exports = (cb) => {
        const { stdout, signal, error } = require('child_process').spawnSync('/tmp/program');
        cb(error, { signal, printed: stdout.toString('base64') });
      };`);
    const { signal, printed } = JSON.parse(body);
    const bytes = Buffer.from(printed, 'base64');
    return { signal, results: Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(4 * i)) };
  };
  const resultsOf = async (calls: readonly SystemCall[], data?: Buffer): Promise<number[]> =>
    (await run(callProgram(calls, data))).results;

  it('are answered as by a kernel that has no way to other processes, to its own code, or to mounts', async () => {
    // ptrace, process_vm_readv, process_vm_writev, pidfd_getfd, keyctl, bpf, perf_event_open, userfaultfd, io_uring_setup,
    // memfd_create, shmget, msgget, semget, io_setup, unshare, setns, mount, chroot, fsopen, open_by_handle_at
    const denied = [101, 310, 311, 438, 250, 321, 298, 323, 425, 319, 29, 68, 64, 206, 272, 308, 165, 161, 430, 304];
    const calls = [GETPID, ...denied].map((number): SystemCall => [number, 0]);
    const [pid, ...results] = await resultsOf(calls);
    expect(pid).to.be.above(0);
    expect(results).to.deep.equal(denied.map(() => -ENOSYS));
  });

  it('get no namespace of users, in which they would have all capabilities', async () => {
    const calls: SystemCall[] = [
      [CLONE, NEW_USER + CHILD_ENDS],
      [CLONE3, 0, 64],
    ];
    const parameters = Buffer.alloc(64);
    parameters.writeUInt32LE(NEW_USER);
    parameters.writeUInt32LE(CHILD_ENDS, 32);
    const withAddress = [calls[0], [CLONE3, dataAddress(calls), 64]] as SystemCall[];
    expect(await resultsOf(withAddress, parameters)).to.deep.equal([-ENOSPC, -ENOSPC]);
  });

  it('get sockets of no family that reaches past their network, such as that of virtual machines', async () => {
    const families = [17, 38, 40, 44]; // AF_PACKET, AF_ALG, AF_VSOCK, AF_XDP
    const calls = families.flatMap((family): SystemCall[] => [
      [SOCKET, family, STREAM],
      [SOCKETPAIR, family, STREAM],
    ]);
    expect(await resultsOf(calls)).to.deep.equal(calls.map(() => -EAFNOSUPPORT));
  });

  it('find no second way to a call: not by the numbers of x32, not by those of i386', async () => {
    expect(await resultsOf([[X32 + GETPID], [X32 + 101]])).to.deep.equal([-ENOSYS, -ENOSYS]);
    const { signal, results } = await run(callProgram([[20]], undefined, 32)); // getpid there
    expect([signal, results]).to.be.deep.oneOf([
      ['SIGSYS', []],
      ['SIGSEGV', []], // of a kernel that has none of those
    ]);
  });
});
