import { readProcessTree } from './process-tree.ts';

/** How often those are looked for that were started meanwhile. */
const ROUNDS = 5;

/**
 * Ends a process, its group, and all that come from it. Stopped first, they start no others meanwhile.
 *
 * @param pid - of a process that leads a group of its own
 */
export function killTree(pid: number): void {
  if (pid <= 1) return; // it was never started; and all of a machine comes from the first
  const found = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const others = (readProcessTree(pid)?.pids ?? []).filter((one) => !found.has(one));
    if (others.length === 0) break;
    for (const one of others) {
      found.add(one);
      send(one, 'SIGSTOP');
    }
  }
  for (const one of found) send(one, 'SIGKILL');
  killGroup(pid);
}

/** Ends what is left of the group of a process. */
export function killGroup(pid: number): void {
  send(-pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals): void {
  if (Math.abs(pid) <= 1) return; // one that was never started; to the system they mean this group, and everybody
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, which is what is wanted.
  }
}
