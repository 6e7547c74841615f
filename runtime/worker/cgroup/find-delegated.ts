import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * Finds the control group of this process, where it is free to make others below it: it is allowed to, and nobody else
 * manages them. On a machine with systemd that is so for what systemd has delegated, and no other.
 *
 * @returns its folder, on a kernel that has version 2 of control groups and where they are mounted
 * @see cgroups(7): Cgroups delegation; systemd.resource-control(5): Delegate=
 */
export async function findDelegated(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
    const folder = cgroupFolder(path, readFileSync('/proc/self/mountinfo', 'utf8'));
    if (folder === undefined) return undefined;
    for (const one of [folder, join(folder, 'cgroup.procs')]) accessSync(one, constants.W_OK);
    return !existsSync(SYSTEMD) || (await isDelegated(path)) ? folder : undefined;
  } catch {
    return undefined; // not mounted, or not ours
  }
}

/** There where systemd manages the machine. */
const SYSTEMD = '/run/systemd/system';
/** Long before a busy machine is given up; that is a no. */
const PATIENCE_MS = 5_000;

/**
 * Says where a control group is mounted.
 *
 * @param path - of the group, as `/proc/self/cgroup` has it
 * @param mounts - text of `/proc/self/mountinfo`
 * @returns absolute path; nothing where it is not to be seen
 * @see proc(5): mountinfo
 *
 * @example
 * cgroupFolder('/shop.service', '31 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'); // '/sys/fs/cgroup/shop.service'
 */
export function cgroupFolder(path: string, mounts: string): string | undefined {
  if (!path.startsWith('/') || path.startsWith('/..')) return undefined; // outside of what this process may see
  for (const line of mounts.split('\n')) {
    const [fields = '', source = ''] = line.split(' - ');
    if (!source.startsWith('cgroup2 ')) continue;
    const [, , , root = '', mount = ''] = fields.split(' ');
    const below = relative(root, path);
    if (!below.startsWith('..')) return join(mount, below);
  }
  return undefined;
}

/**
 * Says whether systemd leaves a control group to the service or scope that it belongs to.
 *
 * @param path - of the group, as `/proc/self/cgroup` has it
 */
export async function isDelegated(path: string): Promise<boolean> {
  const unit = unitOf(path);
  if (unit === undefined) return false;
  const args = [...unit.manager, 'show', '--property=Delegate', '--value', '--', unit.name];
  return new Promise((resolve) => {
    execFile('systemctl', args, { timeout: PATIENCE_MS }, (error, said) => resolve(!error && said.trim() === 'yes'));
  });
}

/**
 * Says which unit of systemd a control group belongs to, and whether the manager of a user has it.
 *
 * @param path - of the group, as `/proc/self/cgroup` has it
 *
 * @example
 * unitOf('/system.slice/shop.service/workers'); // { name: 'shop.service', manager: [] }
 */
export function unitOf(path: string): { name: string; manager: readonly string[] } | undefined {
  const name = path.split('/').findLast((part) => /\.(service|scope)$/.test(part));
  if (name === undefined) return undefined;
  const isOfUser = /\/user@\d+\.service\/.*\.(service|scope)/.test(path);
  return { name, manager: isOfUser ? ['--user'] : [] };
}
