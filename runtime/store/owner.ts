import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../errors.ts';

const WAIT_MS = 20;
const GIVE_UP_MS = 5_000;

/**
 * Decides whether this process owns the embedded store of a data folder, or connects to the process that does.
 *
 * LevelDB files bear one owner. A folder whose owner died is taken over; that is done by one process at a time.
 *
 * @param folder - absolute path of the data folder
 * @param socketPath - where the owner listens
 * @returns `owner` with what to call when the store is closed, or `guest`
 * @throws STORE_OWNER_SILENT
 */
export async function claimFolder(
  folder: string,
  socketPath: string,
): Promise<{ role: 'owner'; release(): Promise<void> } | { role: 'guest' }> {
  const ownerFile = join(folder, 'owner');
  for (let waited = 0; waited < GIVE_UP_MS; waited += WAIT_MS) {
    if (await answers(socketPath)) return { role: 'guest' };
    try {
      await writeFile(ownerFile, String(process.pid), { flag: 'wx', mode: 0o600 });
      await rm(socketPath, { force: true });
      return { role: 'owner', release: () => rm(ownerFile, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // writeFile throws nothing else
    }
    if (!(await ownerLives(ownerFile))) await takeOver(ownerFile);
    await delay(WAIT_MS);
  }
  const pid = await readFile(ownerFile, 'utf8').catch(() => 'unknown');
  return fail('STORE_OWNER_SILENT', { folder, pid, ownerFile });
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function ownerLives(ownerFile: string): Promise<boolean> {
  const pid = Number(await readFile(ownerFile, 'utf8').catch(() => '0'));
  // Written in two steps, the file may be empty for a moment; an owner that never wrote its id is dead.
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, and somebody else's
  }
}

/** Removes the mark of a dead owner. Making a folder is what only one of several processes can do. */
async function takeOver(ownerFile: string): Promise<void> {
  const turn = `${ownerFile}.takeover`;
  try {
    await mkdir(turn);
  } catch {
    return; // another process has the turn
  }
  try {
    if (!(await ownerLives(ownerFile))) await rm(ownerFile, { force: true });
  } finally {
    await rmdir(turn);
  }
}
