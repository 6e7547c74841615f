import { readFileSync } from 'node:fs';
import { readProcessTree } from './process-tree.ts';

/**
 * Says how much memory a process and all that come from it have for themselves.
 *
 * @returns bytes; 0 where nobody says so
 * @see proc(5): status
 */
export function memoryOf(pid: number): number {
  let kilobytes = 0;
  for (const one of readProcessTree(pid)?.pids ?? []) {
    try {
      for (const [, size] of readFileSync(`/proc/${one}/status`, 'latin1').matchAll(OWN)) kilobytes += Number(size);
    } catch {
      // It has ended meanwhile.
    }
  }
  return kilobytes * 1024;
}

/** What is of no file. */
const OWN = /^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm;
