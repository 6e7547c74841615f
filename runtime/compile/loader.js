/**
 * The module hook behind register.js: turns an imported TypeScript file into JavaScript with esbuild.
 *
 * Node runs it in its loader thread, apart from the program. JavaScript, because it is what makes TypeScript loadable.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

/**
 * @param {string} file - absolute path, also the name in the source map
 * @param {'cjs' | 'esm'} format
 * @returns {import('esbuild').TransformOptions}
 */
export function typeScriptOptions(file, format) {
  return {
    loader: 'ts',
    format,
    target: `node${process.versions.node}`,
    sourcefile: file,
    sourcemap: 'inline',
    sourcesContent: false,
    platform: 'node',
  };
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  const kind = url.startsWith('file:') ? /\.([cm]?)ts$/.exec(new URL(url).pathname)?.[1] : undefined;
  if (kind === undefined) return nextLoad(url, context);
  const file = fileURLToPath(url);
  if (kind === 'c' || (kind === '' && packageType(dirname(file)) !== 'module')) {
    // No source: the CommonJS loader then reads the file itself, through the extension that register.js adds.
    return { format: 'commonjs', shortCircuit: true };
  }
  const { code } = await transform(await readFile(file, 'utf8'), typeScriptOptions(file, 'esm'));
  return { format: 'module', source: code, shortCircuit: true };
}

/** @type {Map<string, string>} */
const packageTypes = new Map();

/**
 * The `type` of the nearest package.json, as Node itself decides between CommonJS and ES modules.
 *
 * @param {string} folder
 * @returns {string}
 */
function packageType(folder) {
  let type = packageTypes.get(folder);
  if (type === undefined) {
    try {
      type = String(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type ?? 'commonjs');
    } catch {
      type = dirname(folder) === folder ? 'commonjs' : packageType(dirname(folder));
    }
    packageTypes.set(folder, type);
  }
  return type;
}
