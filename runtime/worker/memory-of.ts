import { readFileSync } from 'node:fs';
import { readProcessTree } from './limits/process-tree.ts';

/** Of a page, as both architectures of sandboxes have it; an estimate elsewhere. */
const PAGE_BYTES = 4096;

/**
 * Says how much memory a process and all that come from it have for themselves.
 *
 * @returns bytes; 0 where nobody says so
 * @see proc(5): statm
 */
export function memoryOf(pid: number): number {
  let pages = 0;
  for (const one of readProcessTree(pid)?.pids ?? []) {
    try {
      const [, resident = 0, shared = 0] = readFileSync(`/proc/${one}/statm`, 'latin1').split(' ').map(Number);
      pages += resident - shared;
    } catch {
      // It has ended meanwhile.
    }
  }
  return pages * PAGE_BYTES;
}
