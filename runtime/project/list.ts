import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const WEBTASK_FILE = /^(?!\.|.*\.(?:d|test|spec)\.[cm]?[jt]s$).*\.[cm]?[jt]s$/;

/**
 * Lists the webtasks of a folder: its JavaScript and TypeScript files, without tests, types, hidden files and
 * sub-folders.
 *
 * @param folder - absolute path, a project's `webtasks/`
 * @returns absolute paths in alphabetical order; none where there is no such folder
 */
export function listWebtasks(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && WEBTASK_FILE.test(entry.name))
      .map((entry) => join(folder, entry.name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // readdirSync throws nothing else
    throw error;
  }
}
