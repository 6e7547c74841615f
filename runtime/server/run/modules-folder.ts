import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { publicFolder } from '../../public-folder.ts';
import type { Isolation } from '../../worker/choose-isolation.ts';

/**
 * Gives the folder of the packages that webtasks can require. Workers that are users of their own have to reach it,
 * which they cannot in the data folder.
 */
export function modulesFolder(dataFolder: string, mode: Isolation): string {
  if (mode !== 'sandbox') return resolve(dataFolder, 'modules');
  const name = process.getuid?.() === 0 ? publicName(dataFolder) : undefined;
  const folder = name === undefined ? resolve(dataFolder, 'modules') : join(publicFolder(), name);
  // It is there before the first package is: what is not there cannot be shown to a worker.
  mkdirSync(folder, { recursive: true });
  if (name !== undefined) for (const it of [publicFolder(), folder]) chmodSync(it, 0o755); // whatever the umask is
  return folder;
}

/** The folder in which a server has its keys and its store, where it is in one that webtasks can read. */
export function hiddenFolders(dataFolder: string, folder: string): string[] {
  const path = relative(realpathSync(folder), realpathSync(dataFolder));
  const isInside = path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
  return isInside && canReach(folder, dirname(path)) ? [join(folder, path)] : [];
}

/** Whether workers get there: those that are users of their own do not get everywhere, nor can they be shown less there. */
function canReach(folder: string, path: string): boolean {
  if (process.getuid?.() !== 0 || path === '.') return true;
  return (statSync(join(folder, path)).mode & 0o001) === 0o001 && canReach(folder, dirname(path));
}

/** Servers do not share packages: each may have a registry of its own. */
function publicName(dataFolder: string): string {
  return `modules-${createHash('sha256').update(realpathSync(dataFolder)).digest('hex').slice(0, 16)}`;
}
