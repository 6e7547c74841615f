import { createRequire } from 'node:module';
import { sep } from 'node:path';

const { cache } = createRequire(import.meta.url);

/**
 * Has the modules of a folder read again when they are next required. Installed packages stay.
 *
 * @param folder - absolute path
 */
export function forgetModules(folder: string): void {
  for (const file of Object.keys(cache)) {
    const isInstalled = file.includes(`${sep}node_modules${sep}`);
    if (file.startsWith(folder + sep) && !isInstalled) delete cache[file];
  }
}
