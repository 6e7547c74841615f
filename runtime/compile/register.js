/**
 * Lets this process `import` and `require` TypeScript without a build step: `node --import webtask-kit/mocha`.
 *
 * JavaScript, because it is what makes TypeScript loadable.
 */
import { readFileSync } from 'node:fs';
import Module, { register } from 'node:module';
import { transformSync } from 'esbuild';
import { moduleFormat, typeScriptOptions } from './loader.js';

// Marked on the process: the hook may be asked for by --import, by --require and by a second copy of the kit.
const REGISTERED = Symbol.for('webtask-kit.typescript');

if (!(REGISTERED in process)) {
  Object.defineProperty(process, REGISTERED, { value: true });
  register('./loader.js', import.meta.url);
  process.setSourceMapsEnabled(true);

  // mocha drops required files from the cache before it runs them again, and Node never loads a module a second time.
  const isWatching = process.argv.some((it) => it === '--watch' || it === '-w');

  // any: neither Module#_compile, which Node's own '.js' extension calls, nor Module._extensions has a public type.
  /** @type {(module: any, file: string) => void} */
  const compileTypeScript = (module, file) => {
    const format = isWatching ? 'commonjs' : moduleFormat(file);
    const { code } = transformSync(readFileSync(file, 'utf8'), typeScriptOptions(file, format));
    // Told that it is a module, Node makes it the same instance that `import` gives.
    module._compile(code, file, format);
  };
  /** @type {any} */ (Module)._extensions['.ts'] = compileTypeScript;
  /** @type {any} */ (Module)._extensions['.cts'] = compileTypeScript;
}
