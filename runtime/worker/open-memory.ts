import { constants, openSync, statfsSync } from 'node:fs';

/** Where files are memory, on Linux. */
const FOLDER = '/dev/shm';
/** @see statfs(2) */
const TMPFS_MAGIC = 0x01021994;
/** The part of O_TMPFILE that Node has no name for; the other is O_DIRECTORY. @see open(2) */
const TMPFILE = 0x400000;

/**
 * Opens memory for a server and a worker to share. It has no name, and cannot be given one, by which another process
 * could open it; it takes what is written into it, and is gone with the last process that has it.
 *
 * @returns its descriptor, which is to be closed; `undefined` where files cannot be had in memory
 */
export function openMemory(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const { O_DIRECTORY, O_RDWR, O_EXCL } = constants;
  try {
    if (statfsSync(FOLDER).type !== TMPFS_MAGIC) return undefined;
    return openSync(FOLDER, TMPFILE | O_DIRECTORY | O_RDWR | O_EXCL, 0o600);
  } catch {
    return undefined; // there is none, or none that this user may write to
  }
}
