import { fail } from '../errors.ts';

/**
 * System calls that webtasks have no use for, and that reach deep into the kernel: each with its number on x64 and on
 * arm64, `-1` where it does not exist.
 */
const DENIED: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  // Other processes, and the kernel's keys.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // Code in the kernel, and watching it.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  // Memory that no limit of a process counts.
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  msgget: [68, 186],
  semget: [64, 190],
  // A number of which the whole machine has 65,536.
  io_setup: [206, 0],
  // Namespaces and mounts.
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  move_mount: [429, 429],
  open_tree: [428, 428],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_tree_attr: [467, 467],
  fanotify_init: [300, 262],
  // The machine.
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  personality: [135, 92],
  iopl: [172, -1],
  ioperm: [173, -1],
  modify_ldt: [154, -1],
  uselib: [134, -1],
  nfsservctl: [180, 42],
  lookup_dcookie: [212, 18],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  move_pages: [279, 239],
  migrate_pages: [256, 238],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
};

/** Calls that make sockets, of a family that is their first parameter. */
const SOCKETS = [
  [41, 198], // socket
  [53, 199], // socketpair
] as const;
/**
 * AF_UNIX, AF_INET, AF_INET6, and AF_NETLINK, which tells a process its addresses. Of the others some reach past the
 * network of a worker, such as AF_VSOCK to who runs this virtual machine.
 */
const FAMILIES = [1, 2, 10, 16] as const;

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 of linux/audit.h. */
const ARCHITECTURES = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
/** What numbers of the x32 ABI begin at: another way to each call. */
const X32 = 0x40000000;

// linux/bpf_common.h and linux/seccomp.h
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_OR_EQUAL = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const ENOSYS = 0x00050000 | 38;
const EAFNOSUPPORT = 0x00050000 | 97;
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;
/** The lower half of the first parameter, which is all of an `int`. */
const FIRST_PARAMETER_OFFSET = 16;

/**
 * Assembles the filter of system calls of a worker, as `bwrap --seccomp` reads it.
 *
 * Denied calls answer ENOSYS, as on a kernel without them, so that programs take their other way; sockets of other
 * families than those of the internet and of this machine answer EAFNOSUPPORT. A process that is not of this
 * architecture is killed.
 *
 * @param arch - as `process.arch`
 * @returns the instructions, 8 bytes each
 * @throws SANDBOX_UNAVAILABLE on other architectures than x64 and arm64
 * @see seccomp(2)
 */
export function seccompFilter(arch: string): Buffer {
  if (arch !== 'x64' && arch !== 'arm64') {
    return fail('SANDBOX_UNAVAILABLE', {
      reason: `system calls cannot be filtered on ${arch}`,
      wayOut: 'Run the server on x64 or arm64, or choose --isolation process.',
    });
  }
  const column = arch === 'x64' ? 0 : 1;
  const numbers = Object.values(DENIED)
    .map((both) => both[column])
    .filter((number) => number >= 0);
  return Buffer.concat([
    instruction(LOAD_WORD, 0, 0, ARCHITECTURE_OFFSET),
    instruction(JUMP_EQUAL, 1, 0, ARCHITECTURES[arch]),
    instruction(RETURN, 0, 0, KILL_PROCESS),
    instruction(LOAD_WORD, 0, 0, NUMBER_OFFSET),
    ...(arch === 'x64' ? [instruction(JUMP_GREATER_OR_EQUAL, 0, 1, X32), instruction(RETURN, 0, 0, ENOSYS)] : []),
    ...numbers.flatMap((number) => [instruction(JUMP_EQUAL, 0, 1, number), instruction(RETURN, 0, 0, ENOSYS)]),
    ...onlyFamilies(SOCKETS.map((both) => both[column])),
    instruction(RETURN, 0, 0, ALLOW),
  ]);
}

/** Goes on behind itself where a call is none of those, or its family is one that is allowed. */
function onlyFamilies([first = -1, second = -1]: readonly number[]): Buffer[] {
  const behind = FAMILIES.length + 2;
  return [
    instruction(JUMP_EQUAL, 1, 0, first),
    instruction(JUMP_EQUAL, 0, behind, second),
    instruction(LOAD_WORD, 0, 0, FIRST_PARAMETER_OFFSET),
    ...FAMILIES.map((family, at) => instruction(JUMP_EQUAL, FAMILIES.length - at, 0, family)),
    instruction(RETURN, 0, 0, EAFNOSUPPORT),
  ];
}

/** One `struct sock_filter`, in the byte order of both architectures. */
function instruction(code: number, ifTrue: number, ifFalse: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
