import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProcessTree } from '../limits/process-tree.ts';
import { type Cgroup, type CgroupLimits, type Controller, createCgroup } from './cgroup.ts';
import { findDelegated } from './find-delegated.ts';
import { removeEmpty, removeGroup } from './remove-group.ts';

/** Where a process makes the control groups of its workers. */
export interface Cgroups {
  /** What the kernel limits in them. */
  readonly controllers: readonly Controller[];
  /**
   * Makes one for a worker.
   *
   * @throws what the system says, where it cannot be made
   */
  create(limits: CgroupLimits): Cgroup;
}

/**
 * Makes ready what this process keeps workers in, once for all of its servers: a group below its own where that has been
 * delegated. What servers have left that were killed is ended and removed.
 *
 * The kernel limits memory and processes where this process is alone in its own group, with what it started, and that has
 * the controllers: then it moves into a group below, since one with processes cannot give controllers to others.
 *
 * @returns nothing where no control group has been delegated
 * @see cgroups(7): Cgroups v2 "no internal processes" rule
 */
export function openCgroups(): Promise<Cgroups | undefined> {
  opened ??= findDelegated().then((folder) => (folder === undefined ? undefined : openBelow(folder)));
  return opened;
}
let opened: Promise<Cgroups | undefined> | undefined;

/**
 * Makes ready what this process keeps workers in.
 *
 * @param own - folder of the group that this process is in
 * @returns nothing where that is not possible
 */
export function openBelow(own: string): Cgroups | undefined {
  const folder = join(own, `${groupPrefix()}${process.pid}-${Date.now()}`);
  try {
    removeLeft(own);
    mkdirSync(folder);
  } catch {
    return undefined; // mounted to be read only, or there are as many as there may be
  }
  process.once('exit', () => close(own, folder));
  if (!existsSync(join(folder, 'cgroup.kill'))) return undefined; // Linux before 5.14
  const controllers = giveControllers(own, folder);
  let count = 0;
  return {
    controllers,
    create(limits) {
      count += 1;
      return createCgroup(join(folder, `worker-${count}`), controllers, limits);
    },
  };
}

const CONTROLLERS: readonly Controller[] = ['memory', 'pids'];
/** Name of the group that a server moves to. */
const SERVER = 'server';

/** Processes are known by their numbers only to those who count the same. */
function groupPrefix(): string {
  const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  return `webtask-${namespace}-`;
}

function removeLeft(own: string): void {
  const prefix = groupPrefix();
  for (const name of readdirSync(own)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (pid === process.pid || !isRunning(pid)) void removeGroup(join(own, name));
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // of another user; what `kill` throws has a code
  }
}

/** Has the groups below a folder be limited by the kernel, in as much as that can be had. */
function giveControllers(own: string, folder: string): readonly Controller[] {
  const there = CONTROLLERS.filter((it) => wordsIn(join(own, 'cgroup.controllers')).includes(it));
  const all = there.map((it) => `+${it}`).join(' ');
  if (there.length === 0) return [];
  try {
    leave(own, folder);
    for (const one of [own, folder]) writeFileSync(join(one, 'cgroup.subtree_control'), all);
    return there;
  } catch {
    return []; // others are in that group, too
  }
}

/** A group with processes cannot give controllers to others, but for the one at the root: this one moves aside. */
function leave(own: string, folder: string): void {
  const isRoot = !existsSync(join(own, 'cgroup.type'));
  const pids = wordsIn(join(own, 'cgroup.procs'));
  const ours = readProcessTree(process.pid)?.pids ?? [];
  if (isRoot || !pids.every((pid) => ours.includes(Number(pid)))) return;
  mkdirSync(join(folder, SERVER));
  for (const pid of pids) writeFileSync(join(folder, SERVER, 'cgroup.procs'), pid);
}

/** Leaves things as they were: whoever starts the next server puts it where this one was, which takes that. */
function close(own: string, folder: string): void {
  const moved = existsSync(join(folder, SERVER)) ? wordsIn(join(folder, SERVER, 'cgroup.procs')) : [];
  try {
    for (const one of moved.length > 0 ? [folder, own] : []) {
      const given = wordsIn(join(one, 'cgroup.subtree_control'));
      writeFileSync(join(one, 'cgroup.subtree_control'), given.map((it) => `-${it}`).join(' '));
    }
    for (const pid of moved) writeFileSync(join(own, 'cgroup.procs'), pid);
  } catch {
    // There is another server, which still has its workers in groups that are limited.
  }
  removeEmpty(folder);
}

function wordsIn(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split(/\s+/)
    .filter((word) => word !== '');
}
