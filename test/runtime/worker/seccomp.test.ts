import { expect } from 'chai';
import { seccompFilter } from '../../../runtime/worker/seccomp.ts';
import { refusalIn } from '../../support/refusal.ts';

const X64 = 0xc000003e;
const ARM64 = 0xc00000b7;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const ENOSYS = 0x00050026;

/** What the kernel would answer to a call: the few instructions of BPF that the filter is made of. */
function answerTo(filter: Buffer, architecture: number, number: number): number {
  let loaded = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const [code, ifTrue, ifFalse] = [filter.readUInt16LE(at), filter.readUInt8(at + 2), filter.readUInt8(at + 3)];
    const value = filter.readUInt32LE(at + 4);
    if (code === 0x06) return value;
    if (code === 0x20) loaded = value === 0 ? number : architecture;
    else if (code === 0x15) at += 8 * (loaded === value ? ifTrue : ifFalse);
    else if (code === 0x35) at += 8 * (loaded >= value ? ifTrue : ifFalse);
    else throw new Error(`there is no instruction ${code}`);
  }
  throw new Error('the filter has no end');
}

describe('the filter of system calls', () => {
  const x64 = seccompFilter('x64');
  const arm64 = seccompFilter('arm64');

  it('allows what programs live by', () => {
    // read, write, mmap, clone, execve, openat, futex, epoll_wait, clone3
    for (const number of [0, 1, 9, 56, 59, 257, 202, 232, 435]) expect(answerTo(x64, X64, number)).to.equal(ALLOW);
    for (const number of [63, 64, 222, 220, 221, 56, 98, 22, 435])
      expect(answerTo(arm64, ARM64, number)).to.equal(ALLOW);
  });

  it('answers as a kernel without them to those that reach deep into it', () => {
    // ptrace, bpf, keyctl, unshare, mount, io_uring_setup, userfaultfd, kexec_load
    for (const number of [101, 321, 250, 272, 165, 425, 323, 246]) expect(answerTo(x64, X64, number)).to.equal(ENOSYS);
    for (const number of [117, 280, 219, 97, 40, 425, 282, 104])
      expect(answerTo(arm64, ARM64, number)).to.equal(ENOSYS);
  });

  it('has no second way to a call: not by the x32 numbers, not by another architecture', () => {
    expect(answerTo(x64, X64, 0x40000000)).to.equal(ENOSYS);
    expect(answerTo(x64, X64, 0x40000000 + 101)).to.equal(ENOSYS);
    expect(answerTo(x64, 0x40000003, 1)).to.equal(KILL); // i386
    expect(answerTo(arm64, X64, 64)).to.equal(KILL);
  });

  it('is refused for an architecture that it was not written for', () => {
    expect(refusalIn(() => seccompFilter('riscv64'))).to.include({
      code: 'SANDBOX_UNAVAILABLE',
      message: 'Webtasks cannot be shut in here: system calls cannot be filtered on riscv64.',
    });
  });
});
