import { tmpdir, userInfo } from 'node:os';
import type { Cgroup } from './cgroup/index.ts';
import { findTool } from './find-tool.ts';
import type { Limits } from './limits/limits.ts';
import { dataBytes, nodeArguments } from './limits/node-arguments.ts';
import { FOR_PROJECT } from './modules-descriptor.ts';
import type { NetworkPolicy } from './network/index.ts';

/** How the process of a worker is started. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it finds to read at descriptors 4 and following. */
  readonly inputs?: readonly (Buffer | string)[] | undefined;
  /** Whose worker it is, where it is for one project. */
  readonly project?: WorkerProject | undefined;
  /** What it is to be in, with all that comes from it; nothing else is, and it is removed with the worker. */
  readonly cgroup?: Cgroup | undefined;
}

/** A project whose webtasks have a worker of their own. */
export interface WorkerProject {
  /** Absolute path. */
  readonly folder: string;
  /** Turns the text of one of its modules, an ES module or TypeScript, into CommonJS. */
  readonly toCommonJS: (code: string, file: string) => Promise<string>;
  /** Whether the worker takes a debugger, at any free port of 127.0.0.1; it prints which. */
  readonly takesDebugger?: boolean;
}

/**
 * A worker as a process of its own, with no more around it: mistakes of a webtask stay in it, attacks do not.
 *
 * Its memory and open files are limited where `prlimit` is: on Linux.
 *
 * @param program - absolute path of the one file that a worker runs
 * @param network - where it keeps itself to connecting to
 * @see prlimit(1)
 */
export function launchProcess(
  program: string,
  { memoryBytes, files }: Pick<Limits, 'memoryBytes' | 'files'>,
  network: NetworkPolicy = 'all',
  project?: WorkerProject,
): Launch {
  const inspect = project?.takesDebugger ? ['--inspect=127.0.0.1:0'] : [];
  const forWhom = project === undefined ? [] : [FOR_PROJECT];
  const node = [process.execPath, ...nodeArguments(memoryBytes), ...inspect, program, network, ...forWhom];
  const limited = [`--data=${dataBytes(memoryBytes)}`, '--core=0', `--cpu=${MAX_CPU_SECONDS}`, `--nofile=${files}`];
  const [command = process.execPath, ...args] = canLimit() ? [prlimitPath(), ...limited, ...node] : node;
  env ??= homeOfNobody(); // asked once: lists of users may be on other machines
  return { command, args, env, project };
}

let env: Launch['env'] | undefined;

/** Packages look for a home when they load. A user that is in no list, as containers often have, has none. */
function homeOfNobody(): Launch['env'] {
  try {
    userInfo();
    return {};
  } catch {
    return { HOME: tmpdir() };
  }
}

/** Whether memory and open files of a process can be limited here. */
export function canLimit(): boolean {
  return prlimitPath() !== '';
}

function prlimitPath(): string {
  return process.platform === 'linux' ? findTool('prlimit') : '';
}

/** Of the whole life of a process: who counts it lets it have less. */
export const MAX_CPU_SECONDS = 3600;
