import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { loadOwnModules } from '../../compile/own-modules.ts';
import { openModuleTranslator } from '../../compile/translate-module.ts';

const { cache } = createRequire(import.meta.url);

/**
 * Lets the modules of a folder be read again by this process. Installed packages stay.
 *
 * @param folder - absolute path
 * @returns has the modules read again when they are next required
 */
export async function keepModulesFresh(folder: string): Promise<() => void> {
  const { now } = await openModuleTranslator();
  await import('../../compile/register.js'); // first, since the last to set an extension has it
  const isOwn = (file: string): boolean => file.startsWith(folder + sep) && !file.includes(`${sep}node_modules${sep}`);
  loadOwnModules(isOwn, now);
  return () => {
    for (const file of Object.keys(cache)) if (isOwn(file)) delete cache[file];
  };
}
