import { expect } from 'chai';
import { seccompFilter } from '../../../runtime/worker/seccomp.ts';
import { refusalIn } from '../../support/refusal.ts';

const X64 = 0xc000003e;
const ARM64 = 0xc00000b7;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const ENOSYS = 0x00050026;
const EAFNOSUPPORT = 0x00050061;

/** What the kernel would answer to a call: the few instructions of BPF that the filter is made of. */
function answerTo(filter: Buffer, architecture: number, number: number, parameter = 0): number {
  const data = new Map([
    [0, number],
    [4, architecture],
    [16, parameter],
  ]);
  let loaded = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const [code, ifTrue, ifFalse] = [filter.readUInt16LE(at), filter.readUInt8(at + 2), filter.readUInt8(at + 3)];
    const value = filter.readUInt32LE(at + 4);
    if (code === 0x06) return value;
    if (code === 0x20) loaded = data.get(value) ?? expect.fail(`nothing is read at ${value}`);
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

  it('allows sockets of the internet and of this machine, and no others: to some of them a network namespace is none', () => {
    for (const [filter, architecture, socket, socketpair] of [
      [x64, X64, 41, 53],
      [arm64, ARM64, 198, 199],
    ] as const) {
      for (let family = 0; family < 64; family++) {
        const expected = [1, 2, 10, 16].includes(family) ? ALLOW : EAFNOSUPPORT;
        expect(answerTo(filter, architecture, socket, family), `${family}`).to.equal(expected);
        expect(answerTo(filter, architecture, socketpair, family), `${family}`).to.equal(expected);
      }
      expect(answerTo(filter, architecture, 43, 40)).to.equal(ALLOW);
    }
  });

  it('has no memory that no limit counts', () => {
    for (const number of [319, 447, 29]) expect(answerTo(x64, X64, number)).to.equal(ENOSYS);
    for (const number of [279, 447, 194]) expect(answerTo(arm64, ARM64, number)).to.equal(ENOSYS);
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
