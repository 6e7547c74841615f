import { type Dirent, readdirSync, readlinkSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fail } from '../errors.ts';

/** A folder of a project, for webtasks of others. */
export interface ShownFolder {
  /** Absolute path. */
  readonly folder: string;
  /** Folders in it that are the server's own. */
  readonly hidden: readonly string[];
}

/**
 * Shows a folder to a worker, to read, without what is secret in it: `.env`, the data folders of servers, and sockets.
 *
 * What is in it is shown piece by piece, as it is now. Were all of it shown and the secrets covered, a file that takes
 * the place of a covered one, which is how editors save, would be there for all to read.
 *
 * @returns what bubblewrap is told; and the folders in memory that are to be read-only in the end
 * @throws SANDBOX_UNAVAILABLE where there is more in it than bubblewrap can be told
 * @see mount_namespaces(7): a mount is gone when what it is on is replaced in another namespace
 */
export function showFolder({ folder, hidden }: ShownFolder): {
  readonly args: readonly string[];
  readonly inMemory: readonly string[];
} {
  const entries = list(folder).filter(({ name }) => !SECRETS.test(name) && !hidden.includes(join(folder, name)));
  if (entries.length > MAX_ENTRIES) {
    fail('SANDBOX_UNAVAILABLE', {
      reason: `${folder} has more than ${MAX_ENTRIES} files and folders, which are shown one by one`,
      wayOut: 'Put them into a folder in it.',
    });
  }
  const below = hidden.filter((it) => entries.some(({ name }) => it.startsWith(join(folder, name, sep))));
  const isOwn = hidden.includes(folder);
  const shown = isOwn ? [] : [...entries.flatMap((entry) => show(folder, entry)), ...below.flatMap(inMemory)];
  return { args: [...inMemory(folder), ...shown], inMemory: [folder, ...(isOwn ? [] : below)] };
}

/** bubblewrap takes 9000 words, of which each is three. */
const MAX_ENTRIES = 2000;
/** Where the secrets of a project are, and what the kit keeps in its folder. */
const SECRETS = /^\.(env(\..*)?|webtask)$/;

function show(folder: string, entry: Dirent): string[] {
  const path = join(folder, entry.name);
  if (entry.isSymbolicLink()) return ['--symlink', readlinkSync(path), path];
  return entry.isFile() || entry.isDirectory() ? ['--ro-bind-try', path, path] : [];
}

function inMemory(folder: string): string[] {
  return ['--tmpfs', folder];
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // it is gone, and so is what was in it
  }
}
