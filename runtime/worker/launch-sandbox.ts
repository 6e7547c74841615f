import type { Launch } from './launch.ts';
import { RESOLV_CONF } from './network/index.ts';
import { seccompFilter } from './seccomp.ts';

/** What a sandbox is made with. */
export interface SandboxSettings {
  /** Absolute path of the one file that a worker runs. */
  readonly program: string;
  /** Folders that are read-only under their own paths: the packages that webtasks can require. */
  readonly readable: readonly string[];
  /** A user that nobody else is, where this process may choose one. */
  readonly uid?: number | undefined;
  /** Bytes of memory, buffers included. */
  readonly memoryBytes: number;
  /** Bytes of its temporary folder, which is kept in memory. */
  readonly temporaryBytes: number;
  readonly maxProcesses: number;
  readonly maxFiles: number;
  /** Whether it is to have a network, which `attachNetwork` gives it. */
  readonly hasNetwork?: boolean;
}

/** What of the memory is left for what is not objects of JavaScript. */
const HEAP_SHARE = 0.6;
/**
 * What Node has before it runs anything. V8 from 13 on (Node 24) also reserves 512 MB for code, which counts as if it
 * were used.
 */
const BASE_BYTES = (64 << 20) + (Number.parseInt(process.versions.v8, 10) >= 13 ? 512 << 20 : 0);

/**
 * A worker in namespaces of its own: it sees Node, its program and the packages, and no other process, file, network or
 * user of this machine.
 *
 * First it becomes a user that nobody else is, since the limit of processes counts those of a user; then the limits are
 * set; then bubblewrap shuts the door.
 *
 * @throws SANDBOX_UNAVAILABLE where system calls cannot be filtered
 * @see bwrap(1), setpriv(1), prlimit(1)
 */
export function launchSandbox(settings: SandboxSettings): Launch {
  const { uid, memoryBytes, maxProcesses, maxFiles, hasNetwork = false } = settings;
  const asUser =
    uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];
  const withLimits = [
    'prlimit',
    `--data=${BASE_BYTES + memoryBytes}`,
    '--core=0',
    // The limit is that of the user: without one of its own it would count all that this user runs.
    ...(uid === undefined ? [] : [`--nproc=${maxProcesses}`]),
    `--nofile=${maxFiles}`,
  ];
  // In a user namespace around that of the worker, which has no capability over what belongs to this one.
  const inNetwork = hasNetwork ? ['unshare', '--user', '--map-root-user', '--net', '--'] : [];
  const heapMegabytes = Math.floor((memoryBytes * HEAP_SHARE) / (1 << 20));
  const node = [process.execPath, `--max-old-space-size=${heapMegabytes}`, PROGRAM];
  const [command = 'prlimit', ...args] = [...asUser, ...withLimits, ...inNetwork, ...bubblewrap(settings), ...node];
  return {
    command,
    args,
    env: { PATH: '/usr/bin:/bin' },
    inputs: [seccompFilter(process.arch), ...(hasNetwork ? [RESOLV_CONF] : [])],
  };
}

/** Where a worker finds its program. */
const PROGRAM = '/worker.cjs';
/** The descriptor that bubblewrap reads the filter of system calls from. */
const FILTER_DESCRIPTOR = 4;
const RESOLV_CONF_DESCRIPTOR = 5;

function bubblewrap({ program, readable, temporaryBytes, hasNetwork }: SandboxSettings): string[] {
  const files = [process.execPath, ...sharedLibraries(), ...PUBLIC_FILES];
  return [
    'bwrap',
    '--unshare-all',
    ...(hasNetwork ? ['--share-net', '--ro-bind-data', String(RESOLV_CONF_DESCRIPTOR), '/etc/resolv.conf'] : []),
    '--unshare-user',
    '--disable-userns',
    '--uid',
    '65534',
    '--gid',
    '65534',
    '--hostname',
    'webtask',
    '--cap-drop',
    'ALL',
    '--die-with-parent',
    '--new-session',
    '--clearenv',
    '--seccomp',
    String(FILTER_DESCRIPTOR),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--size',
    String(temporaryBytes),
    '--tmpfs',
    '/tmp',
    ...files.flatMap((file) => ['--ro-bind-try', file, file]),
    ...readable.flatMap((folder) => ['--ro-bind', folder, folder]),
    '--ro-bind',
    program,
    PROGRAM,
    '--chdir',
    '/tmp',
    '--remount-ro',
    '/',
    '--',
  ];
}

/** Certificates of the public authorities, and time zones. */
const PUBLIC_FILES = ['/etc/ssl/certs/ca-certificates.crt', '/usr/share/zoneinfo'];

/** What Node is linked with, as this process has it; not the native add-ons that this process has loaded besides. */
function sharedLibraries(): string[] {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] }; // its documented form
  return sharedObjects.filter((file) => file.startsWith('/') && /\.so(\.\d+)*$/.test(file));
}
