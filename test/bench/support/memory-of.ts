import { readdirSync, readFileSync } from 'node:fs';

/** The processes that a process has started. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

/**
 * Megabytes that a process and all that come from it share with no other, as Linux counts them.
 *
 * @see proc(5), smaps_rollup
 */
export function privateMegabytes(pid: number): number {
  const own = read(`/proc/${pid}/smaps_rollup`);
  const kilobytes = [...own.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].map(([, size]) => Number(size));
  const all = kilobytes.reduce((sum, it) => sum + it, 0) / 1024;
  return childrenOf(pid).reduce((sum, child) => sum + privateMegabytes(child), all);
}

/** Whether a process is a worker, or what a worker is started through. */
export function runsWorker(pid: number): boolean {
  return read(`/proc/${pid}/cmdline`).includes('worker.cjs');
}

function parentOf(pid: string): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]); // a name may have brackets and spaces
}

/** Empty where it has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
