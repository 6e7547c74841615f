import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from './find-tool.ts';
import { type Launch, MAX_CPU_SECONDS, type WorkerProject } from './launch.ts';
import { dataBytes, nodeArguments } from './limits/node-arguments.ts';
import { FOR_PROJECT } from './modules-descriptor.ts';
import { RESOLV_CONF } from './network/policy.ts';
import { seccompFilter } from './seccomp.ts';
import { MEMORY_BYTES } from './shared-memory.ts';
import { type ShownFolder, showFolder } from './show-folder.ts';

/** What a sandbox is made with. */
export interface SandboxSettings {
  /** Absolute path of the one file that a worker runs; none where only Node is tried. */
  readonly program?: string | undefined;
  /** Folders that are read-only under their own paths: the packages that webtasks can require. */
  readonly readable: readonly string[];
  /** A folder that they see a part of. */
  readonly shown?: ShownFolder | undefined;
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
  /** A project that is among what is readable, where it is started. */
  readonly project?: WorkerProject | undefined;
}

/**
 * A worker in namespaces of its own: it sees Node, its program and the packages, and no other process, file, network or
 * user of this machine.
 *
 * First it becomes a user that nobody else is, since the limit of processes counts those of a user; then the limits are
 * set; then bubblewrap shuts the door.
 *
 * @param run - arguments of Node
 * @throws SANDBOX_UNAVAILABLE where system calls cannot be filtered
 * @see bwrap(1), setpriv(1), prlimit(1)
 */
export function launchSandbox(settings: SandboxSettings, run: readonly string[] = runOf(settings)): Launch {
  const { uid, memoryBytes, temporaryBytes, maxProcesses, maxFiles, hasNetwork = false } = settings;
  const asUser =
    uid === undefined ? [] : [tool('setpriv'), `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];
  const withLimits = [
    tool('prlimit'),
    `--data=${dataBytes(memoryBytes)}`,
    '--core=0',
    `--cpu=${MAX_CPU_SECONDS}`,
    // For the memory that it shares with its server; the folder is full first.
    `--fsize=${temporaryBytes + MEMORY_BYTES}`,
    // The limit is that of the user: without one of its own it would count all that this user runs.
    ...(uid === undefined ? [] : [`--nproc=${maxProcesses}`]),
    `--nofile=${maxFiles}`,
  ];
  // In a user namespace around that of the worker, which has no capability over what belongs to this one.
  const inNetwork = hasNetwork ? [tool('unshare'), '--user', '--map-root-user', '--net', '--'] : [];
  const node = [process.execPath, ...nodeArguments(memoryBytes), ...run];
  const [command = 'prlimit', ...args] = [...asUser, ...withLimits, ...inNetwork, ...bubblewrap(settings), ...node];
  return {
    command,
    args,
    env: {},
    project: settings.project,
    inputs: [seccompFilter(process.arch), ...(hasNetwork ? [RESOLV_CONF] : [])],
  };
}

/** Where it is; by its name alone where it is not, so that the error names it. */
function tool(name: string): string {
  return findTool(name) || name;
}

/** Where a worker finds its program. */
const PROGRAM = '/worker.cjs';
/** The descriptor that bubblewrap reads the filter of system calls from. */
const FILTER_DESCRIPTOR = 4;
const RESOLV_CONF_DESCRIPTOR = 5;

function runOf({ project }: SandboxSettings): string[] {
  return project === undefined ? [PROGRAM] : [PROGRAM, 'all', FOR_PROJECT];
}

function bubblewrap({ program, readable, shown, temporaryBytes, hasNetwork, project }: SandboxSettings): string[] {
  const files = [...sharedLibraries(), ...PUBLIC_FILES];
  // What is in another one comes after it: packages may be in a data folder, and that is hidden.
  const folders = [...readable].sort((a, b) => a.length - b.length);
  const hidden = folders.map(dataOf).filter(existsSync);
  const part = shown && showFolder(shown);
  return [
    tool('bwrap'),
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
    '--setenv',
    'HOME', // packages look for it when they load, and there is no list of users
    '/tmp',
    '--seccomp',
    String(FILTER_DESCRIPTOR),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--remount-ro', // it is memory too, without a limit
    '/dev',
    '--size',
    String(temporaryBytes),
    '--tmpfs',
    '/tmp',
    '--ro-bind',
    process.execPath,
    process.execPath,
    ...files.flatMap((file) => ['--ro-bind-try', file, file]),
    ...(part?.args ?? []),
    ...folders.flatMap((folder) => ['--ro-bind', folder, folder, ...hide(folder)]),
    ...(program === undefined ? [] : ['--ro-bind', program, PROGRAM]),
    '--chdir',
    project?.folder ?? '/tmp',
    ...['/', ...hidden, ...(part?.inMemory ?? [])].flatMap((folder) => ['--remount-ro', folder]),
    '--',
  ];
}

/** The keys of a server and the secrets of a project may be where its files are, and are no webtask's. */
function hide(folder: string): string[] {
  const data = existsSync(dataOf(folder)) ? ['--tmpfs', dataOf(folder)] : [];
  const dotenv = join(folder, '.env');
  return [...data, ...(existsSync(dotenv) ? ['--ro-bind', '/dev/null', dotenv] : [])];
}

function dataOf(folder: string): string {
  return join(folder, '.webtask');
}

/** Certificates of the public authorities, and time zones. */
const PUBLIC_FILES = ['/etc/ssl/certs/ca-certificates.crt', '/usr/share/zoneinfo'];

/** Where the programs are looked for that shut workers in. */
export function toolPath(): string {
  return process.env.PATH ?? '/usr/bin:/bin';
}

/**
 * What Node is linked with, as this process has it; not the native add-ons that this process has loaded besides.
 *
 * Asked once, which takes 7 ms, and without the network: of each open socket a report looks up the names of both ends,
 * and waits.
 */
function sharedLibraries(): readonly string[] {
  if (libraries) return libraries;
  const { excludeNetwork } = process.report as unknown as { excludeNetwork: boolean }; // absent from its types
  Object.assign(process.report, { excludeNetwork: true });
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] }; // its documented form
  Object.assign(process.report, { excludeNetwork });
  libraries = sharedObjects.filter((file) => file.startsWith('/') && /\.so(\.\d+)*$/.test(file));
  return libraries;
}
let libraries: readonly string[] | undefined;
