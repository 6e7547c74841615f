import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { isCommonJS } from './translate.ts';

/** The parts of Node's CommonJS loader that have no public type. */
interface CommonJSModule extends NodeJS.Module {
  _compile(code: string, file: string, format: 'commonjs'): void;
}
type Extensions = Record<string, ((module: CommonJSModule, file: string) => void) | undefined>;

const ENDINGS = ['.js', '.mjs', '.ts', '.mts', '.cts'];

/**
 * Has the modules that webtasks require loaded as CommonJS, as they are in a bundle: ES modules and TypeScript too.
 *
 * Node never loads an ES module a second time, and no TypeScript by itself.
 *
 * @param isOwn - whether a file, by its absolute path, is such a module; installed packages are none
 * @param toCommonJS - turns the text of one into CommonJS
 */
export function loadOwnModules(
  isOwn: (file: string) => boolean,
  toCommonJS: (code: string, file: string) => string,
): void {
  const extensions = (Module as unknown as { _extensions: Extensions })._extensions; // see Extensions
  for (const ending of ENDINGS) {
    const load = extensions[ending] ?? extensions['.js'];
    extensions[ending] = (module, file) => {
      const code = isOwn(file) ? readFileSync(file, 'utf8') : undefined;
      if (code === undefined || (/js$/.test(ending) && isCommonJS(code))) load?.(module, file);
      else module._compile(toCommonJS(code, file), file, 'commonjs');
    };
  }
}
