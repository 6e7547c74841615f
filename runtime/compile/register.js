/**
 * Lets this process `import` and `require` TypeScript without a build step: `node --import webtask-kit/mocha`.
 *
 * JavaScript, because it is what makes TypeScript loadable.
 */
import { readFileSync } from 'node:fs';
import Module, { createRequire, register } from 'node:module';
import { moduleFormat, typeScriptOptions } from './loader.js';
import { isOwnModule, isWatching } from './watch.js';

const require = createRequire(import.meta.url);

// Marked on the process: the hook may be asked for by --import, by --require and by a second copy of the kit.
const REGISTERED = Symbol.for('webtask-kit.typescript');

if (!(REGISTERED in process)) {
  Object.defineProperty(process, REGISTERED, { value: true });
  register('./loader.js', import.meta.url);
  process.setSourceMapsEnabled(true);

  // any: neither Module#_compile, which Node's own '.js' extension calls, nor Module._extensions has a public type.
  /** @type {(module: any, file: string) => void} */
  const compile = (module, file) => {
    const format = isWatching ? 'commonjs' : moduleFormat(file);
    /** @type {typeof import('esbuild')} */
    const { transformSync } = require('esbuild'); // where all is JavaScript, nobody needs it
    const { code } = transformSync(readFileSync(file, 'utf8'), typeScriptOptions(file, format));
    // Told that it is a module, Node makes it the same instance that `import` gives.
    module._compile(code, file, format);
  };
  const extensions = /** @type {any} */ (Module)._extensions;
  extensions['.ts'] = compile;
  extensions['.cts'] = compile;
  if (isWatching) {
    const compileJavaScript = extensions['.js']; // which also has the endings that are not listed, such as .mjs
    /** @type {typeof compile} */
    extensions['.js'] = (module, file) => (isOwnModule(file) ? compile : compileJavaScript)(module, file);
  }
}
