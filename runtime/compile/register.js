/**
 * Lets this process `import` and `require` TypeScript without a build step: `node --import webtask-kit/mocha`.
 *
 * JavaScript, because it is what makes TypeScript loadable.
 */
import { readFileSync } from 'node:fs';
import Module, { register } from 'node:module';
import { transformSync } from 'esbuild';
import { typeScriptOptions } from './loader.js';

// Marked on the process: the hook may be asked for by --import, by --require and by a second copy of the kit.
const REGISTERED = Symbol.for('webtask-kit.typescript');

if (!(REGISTERED in process)) {
  Object.defineProperty(process, REGISTERED, { value: true });
  register('./loader.js', import.meta.url);
  process.setSourceMapsEnabled(true);

  /** @type {(module: any, file: string) => void} any: Module#_compile, which Node's own '.js' extension calls, has no public type */
  const compileTypeScript = (module, file) => {
    module._compile(transformSync(readFileSync(file, 'utf8'), typeScriptOptions(file, 'cjs')).code, file);
  };
  // any: Module._extensions has no public type, and is the one hook that require() has on Node 20.
  const extensions = /** @type {any} */ (Module)._extensions;
  extensions['.ts'] = compileTypeScript;
  extensions['.cts'] = compileTypeScript;
}
