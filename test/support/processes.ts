import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
}

/** Lists the processes of this machine, from Linux's `/proc`. */
export function listProcesses(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        if (/^State:\s+Z/m.test(status)) return []; // it has ended
        const field = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
        return [{ pid: Number(name), parent: field('PPid'), uid: field('Uid') }];
      } catch {
        return []; // it ended meanwhile
      }
    });
}

/** Lists what a process has started, and those in turn. */
export function descendantsOf(pid: number): ProcessInfo[] {
  const all = listProcesses();
  const found = all.filter(({ parent }) => parent === pid);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

/** Waits until none of these runs any more. */
export async function untilGone(processes: readonly ProcessInfo[]): Promise<void> {
  for (;;) {
    const running = listProcesses();
    const isThere = processes.some((it) => running.some(({ pid, uid }) => pid === it.pid && uid === it.uid));
    if (!isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
