import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { seccompFilter } from '../../../runtime/worker/seccomp.ts';
import { refusalIn } from '../../support/refusal.ts';

const X64 = 0xc000003e;
const ARM64 = 0xc00000b7;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const ENOSYS = 0x00050026;
const EAFNOSUPPORT = 0x00050061;

/** What webtasks have no use for, by name. */
const DENIED: Readonly<Record<string, { readonly x64: number; readonly arm64?: number }>> = {
  ptrace: { x64: 101, arm64: 117 },
  process_vm_readv: { x64: 310, arm64: 270 },
  process_vm_writev: { x64: 311, arm64: 271 },
  kcmp: { x64: 312, arm64: 272 },
  pidfd_getfd: { x64: 438, arm64: 438 },
  add_key: { x64: 248, arm64: 217 },
  request_key: { x64: 249, arm64: 218 },
  keyctl: { x64: 250, arm64: 219 },
  bpf: { x64: 321, arm64: 280 },
  perf_event_open: { x64: 298, arm64: 241 },
  userfaultfd: { x64: 323, arm64: 282 },
  io_uring_setup: { x64: 425, arm64: 425 },
  io_uring_enter: { x64: 426, arm64: 426 },
  io_uring_register: { x64: 427, arm64: 427 },
  init_module: { x64: 175, arm64: 105 },
  finit_module: { x64: 313, arm64: 273 },
  delete_module: { x64: 176, arm64: 106 },
  kexec_load: { x64: 246, arm64: 104 },
  kexec_file_load: { x64: 320, arm64: 294 },
  memfd_create: { x64: 319, arm64: 279 },
  memfd_secret: { x64: 447, arm64: 447 },
  shmget: { x64: 29, arm64: 194 },
  msgget: { x64: 68, arm64: 186 },
  semget: { x64: 64, arm64: 190 },
  io_setup: { x64: 206, arm64: 0 },
  unshare: { x64: 272, arm64: 97 },
  setns: { x64: 308, arm64: 268 },
  mount: { x64: 165, arm64: 40 },
  umount2: { x64: 166, arm64: 39 },
  pivot_root: { x64: 155, arm64: 41 },
  chroot: { x64: 161, arm64: 51 },
  move_mount: { x64: 429, arm64: 429 },
  open_tree: { x64: 428, arm64: 428 },
  fsopen: { x64: 430, arm64: 430 },
  fsconfig: { x64: 431, arm64: 431 },
  fsmount: { x64: 432, arm64: 432 },
  fspick: { x64: 433, arm64: 433 },
  mount_setattr: { x64: 442, arm64: 442 },
  open_tree_attr: { x64: 467, arm64: 467 },
  fanotify_init: { x64: 300, arm64: 262 },
  reboot: { x64: 169, arm64: 142 },
  swapon: { x64: 167, arm64: 224 },
  swapoff: { x64: 168, arm64: 225 },
  settimeofday: { x64: 164, arm64: 170 },
  clock_settime: { x64: 227, arm64: 112 },
  clock_adjtime: { x64: 305, arm64: 266 },
  adjtimex: { x64: 159, arm64: 171 },
  sethostname: { x64: 170, arm64: 161 },
  setdomainname: { x64: 171, arm64: 162 },
  acct: { x64: 163, arm64: 89 },
  quotactl: { x64: 179, arm64: 60 },
  quotactl_fd: { x64: 443, arm64: 443 },
  syslog: { x64: 103, arm64: 116 },
  personality: { x64: 135, arm64: 92 },
  iopl: { x64: 172 },
  ioperm: { x64: 173 },
  modify_ldt: { x64: 154 },
  uselib: { x64: 134 },
  nfsservctl: { x64: 180, arm64: 42 },
  lookup_dcookie: { x64: 212, arm64: 18 },
  open_by_handle_at: { x64: 304, arm64: 265 },
  name_to_handle_at: { x64: 303, arm64: 264 },
  move_pages: { x64: 279, arm64: 239 },
  migrate_pages: { x64: 256, arm64: 238 },
  mbind: { x64: 237, arm64: 235 },
  set_mempolicy: { x64: 238, arm64: 237 },
};

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

  /** The numbers of calls that are answered so. */
  const answeredWith = (answer: number, filter: Buffer, architecture: number): number[] =>
    Array.from({ length: 1000 }, (_, number) => number).filter(
      (number) => answerTo(filter, architecture, number) === answer,
    );

  it('denies these calls and no others, so that none is lost unseen', () => {
    const sorted = (column: 'x64' | 'arm64'): number[] =>
      Object.values(DENIED)
        .flatMap((it) => it[column] ?? [])
        .sort((a, b) => a - b);
    expect(answeredWith(ENOSYS, x64, X64)).to.deep.equal(sorted('x64'));
    expect(answeredWith(ENOSYS, arm64, ARM64)).to.deep.equal(sorted('arm64'));
  });

  it('names them by the numbers that the kernel has for them', function () {
    const file = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';
    if (!existsSync(file)) {
      console.log('      skipped: there are no headers of the kernel for x64 here (apt-get install linux-libc-dev)');
      this.skip();
    }
    const lines = readFileSync(file, 'utf8').matchAll(/^#define __NR_(\w+) (\d+)$/gm);
    const known = new Map([...lines].map(([, name, number]) => [name, Number(number)]));
    for (const [name, { x64 }] of Object.entries(DENIED)) expect(known.get(name) ?? x64, name).to.equal(x64);
  });

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
    for (const number of [319, 447, 29, 68, 64]) expect(answerTo(x64, X64, number)).to.equal(ENOSYS);
    for (const number of [279, 447, 194, 186, 190]) expect(answerTo(arm64, ARM64, number)).to.equal(ENOSYS);
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
