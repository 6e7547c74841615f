import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { extname, sep } from 'node:path';
import type { TransformFailure } from 'esbuild';
import { typeScriptOptions } from '../../compile/loader.js';
import { isCommonJS } from '../../compile/translate.ts';

/** The parts of Node's CommonJS loader that have no public type. */
interface CommonJSModule extends NodeJS.Module {
  _compile(code: string, file: string, format: 'commonjs'): void;
}
type Extensions = Record<string, ((module: CommonJSModule, file: string) => void) | undefined>;

const { cache } = createRequire(import.meta.url);

/**
 * Lets the modules of a folder be read again. Installed packages stay.
 *
 * Node never loads an ES module a second time, so those that webtasks require are loaded as CommonJS, as they are in a
 * bundle.
 *
 * @param folder - absolute path
 * @returns has the modules read again when they are next required
 */
export async function keepModulesFresh(folder: string): Promise<() => void> {
  const { transformSync } = await import('esbuild');
  await import('../../compile/register.js'); // first, since the last to set an extension has it
  const isOwn = (file: string): boolean => file.startsWith(folder + sep) && !file.includes(`${sep}node_modules${sep}`);

  const toCommonJS = (code: string, file: string): string => {
    const loader = /^\.[cm]?ts$/.test(extname(file)) ? 'ts' : 'js';
    try {
      return transformSync(code, { ...typeScriptOptions(file, 'commonjs'), loader, logLevel: 'silent' }).code;
    } catch (error) {
      const [first] = (error as Partial<TransformFailure>).errors ?? []; // esbuild's own errors have them
      if (first === undefined) throw error;
      throw new SyntaxError(`${first.text} (${file}:${first.location?.line ?? 1})`, { cause: error });
    }
  };

  const extensions = (Module as unknown as { _extensions: Extensions })._extensions; // see Extensions
  for (const ending of ['.js', '.mjs', '.ts', '.mts', '.cts']) {
    const load = extensions[ending] ?? extensions['.js'];
    extensions[ending] = (module, file) => {
      const code = isOwn(file) ? readFileSync(file, 'utf8') : undefined;
      if (code === undefined || (/js$/.test(ending) && isCommonJS(code))) load?.(module, file);
      else module._compile(toCommonJS(code, file), file, 'commonjs');
    };
  }
  return () => {
    for (const file of Object.keys(cache)) if (isOwn(file)) delete cache[file];
  };
}
