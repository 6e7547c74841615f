import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail } from '../../errors.ts';
import { readOwner } from '../../store/owner.ts';

/**
 * Refuses where the process that serves the store of a data folder has been running since before its keys were changed:
 * it does not know those that sign now, and would refuse what is renewed with them.
 *
 * @throws RENEWAL_TOO_EARLY
 */
export async function checkRestarted(dataFolder: string): Promise<void> {
  const timeOf = async (name: string): Promise<number | undefined> => {
    const found = await stat(join(dataFolder, name)).catch(() => undefined);
    return found?.mtimeMs;
  };
  const [changed, serves] = await Promise.all([timeOf('keys'), timeOf('owner')]);
  if (changed === undefined || serves === undefined || serves >= changed) return;
  const owner = await readOwner(resolve(dataFolder));
  if (isAlive(Number(owner.pid))) fail('RENEWAL_TOO_EARLY', { ...owner });
}

/** A note of a process that was killed stays. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it is another user's
  }
}
