import { randomUUID } from 'node:crypto';
import { openSync, statfsSync, unlinkSync } from 'node:fs';

/** Where files are memory, on Linux. */
const FOLDER = '/dev/shm';
/** @see statfs(2) */
const TMPFS_MAGIC = 0x01021994;

/**
 * Opens memory for a server and a worker to share. It has no name by which another process could open it, takes what is
 * written into it, and is gone with the last process that has it.
 *
 * @returns its descriptor, which is to be closed; `undefined` where files cannot be had in memory
 */
export function openMemory(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    if (statfsSync(FOLDER).type !== TMPFS_MAGIC) return undefined;
    const file = `${FOLDER}/webtask-${randomUUID()}`;
    const descriptor = openSync(file, 'wx+', 0o600);
    unlinkSync(file);
    return descriptor;
  } catch {
    return undefined; // there is none, or none that this user may write to
  }
}
