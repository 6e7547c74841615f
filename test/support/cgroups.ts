import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { findDelegated } from '../../runtime/worker/cgroup/find-delegated.ts';
import { removeGroup } from '../../runtime/worker/cgroup/remove-group.ts';

/**
 * Describes what takes a control group of this process's own, below which it can make others. That is nothing that a
 * package could bring: where there is none, this says so and there is nothing to run.
 *
 * @param describeIn - is given the folder of a group for these tests alone, which is removed after them
 * @param controllers - that it has to have
 */
export function describeInCgroup(
  title: string,
  describeIn: (folder: string) => void,
  controllers: readonly string[] = [],
): void {
  describe(title, () => {
    const given = own === undefined ? '' : readFileSync(join(own, 'cgroup.subtree_control'), 'utf8');
    if (own === undefined || !controllers.every((one) => given.split(/\s+/).includes(one))) {
      const what = ['no control group', ...controllers].join(' with ');
      return console.log(`      left out: ${what} is delegated here, for ${title}`);
    }
    const folder = join(own, `webtask-test-${process.pid}-${++count}`);
    before(() => void mkdirSync(folder));
    after(() => removeGroup(folder));
    describeIn(folder);
  });
}
const own = await findDelegated();
let count = 0;

/** The control group of this process. */
export function ownGroup(): string {
  return own ?? expect.fail('no control group is delegated here');
}

/** The control groups of workers that this process has; nothing where it can make none. */
export function workerGroups(): string[] | undefined {
  if (own === undefined) return undefined;
  const ours = groupsIn(own).filter((name) => /^webtask-\d+-/.test(name) && name.includes(`-${process.pid}-`));
  return ours.flatMap((name) => groupsIn(join(own, name)));
}

/** Has the groups below one have the controllers that it has itself. */
export function giveControllers(folder: string): void {
  writeFileSync(join(folder, 'cgroup.subtree_control'), '+memory +pids');
}

/** The processes in a control group. */
export function pidsIn(folder: string): number[] {
  return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

/** The control groups below one. */
export function groupsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));
}

/** A shell that waits for a line before it does what it is told. */
export interface WaitingShell {
  readonly pid: number;
  /** Gives it the line. */
  go(): void;
  /** How it ended. */
  readonly ended: Promise<string>;
}

/** Starts one, in a process group of its own. */
export function startShell(script: string): WaitingShell {
  const child = spawn('sh', ['-c', `read go; ${script}`], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(String(signal ?? code))));
  return { pid: child.pid ?? 0, go: () => void child.stdin.end('\n'), ended };
}
