import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A process as `/proc` has it. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Its program's. */
  readonly name: string;
}

/** Lists all processes that run; not those that have ended and whose parent has not looked yet. */
function processes(): Process[] {
  const pids = readdirSync('/proc').filter((it) => /^\d+$/.test(it));
  return pids.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [, state, parent] = /^\d+ \(.*\) (\S) (\d+)/s.exec(stat) ?? [];
      if (state === 'Z' || state === 'X') return [];
      return [{ pid: Number(pid), parent: Number(parent), name: basename(readlinkSync(`/proc/${pid}/exe`)) }];
    } catch {
      return []; // it has just ended, or is the kernel's
    }
  });
}

/** Lists what a process has started, and what that has. */
export function descendantsOf(pid: number): Process[] {
  const all = processes();
  const below = (parent: number): Process[] =>
    all.filter((it) => it.parent === parent).flatMap((it) => [it, ...below(it.pid)]);
  return below(pid);
}

/** The network namespace of a process, as the kernel names it. */
export function networkOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

/** Waits, two seconds at most, until nothing is left of processes and networks, and gives what is. */
export async function leftOf(pids: readonly number[], networks: readonly string[]): Promise<Process[]> {
  const isIn = ({ pid }: Process): boolean => {
    try {
      return networks.includes(networkOf(pid));
    } catch {
      return false; // it has just ended
    }
  };
  let left: Process[] = [];
  for (let tries = 0; tries < 100; tries++) {
    left = processes().filter((it) => pids.includes(it.pid) || isIn(it));
    if (left.length === 0) break;
    await setTimeout(20);
  }
  return left;
}
