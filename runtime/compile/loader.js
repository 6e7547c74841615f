/**
 * The module hook behind register.js: turns an imported TypeScript file into JavaScript with esbuild.
 *
 * Node runs it in its loader thread, apart from the program. JavaScript, because it is what makes TypeScript loadable.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * @param {string} file - absolute path, also the name in the source map
 * @param {'commonjs' | 'module'} format
 * @returns {import('esbuild').TransformOptions}
 */
export function typeScriptOptions(file, format) {
  return {
    loader: file.endsWith('ts') ? 'ts' : 'js',
    format: format === 'module' ? 'esm' : 'cjs',
    target: `node${process.versions.node}`,
    sourcefile: file,
    sourcemap: 'inline',
    sourcesContent: false,
    platform: 'node',
    // What only modules have, for a module that is loaded as CommonJS.
    define:
      format === 'module'
        ? {}
        : {
            'import.meta.url': JSON.stringify(pathToFileURL(file).href),
            'import.meta.filename': '__filename',
            'import.meta.dirname': '__dirname',
          },
  };
}

/**
 * Where all is JavaScript, nobody needs it.
 *
 * @type {Promise<typeof import('esbuild')> | undefined}
 */
let esbuild;

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !/\.[cm]?ts$/.test(new URL(url).pathname)) return nextLoad(url, context);
  const file = fileURLToPath(url);
  const format = moduleFormat(file);
  // Without a source the CommonJS loader reads the file itself, through the extension that register.js adds.
  if (format === 'commonjs') return { format, shortCircuit: true };
  esbuild ??= import('esbuild');
  const { transform } = await esbuild;
  const { code } = await transform(await readFile(file, 'utf8'), typeScriptOptions(file, format));
  return { format, source: code, shortCircuit: true };
}

/**
 * Decides between CommonJS and ES modules as Node itself does: by the file's ending, then by the nearest package.json.
 *
 * @param {string} file
 * @returns {'commonjs' | 'module'}
 */
export function moduleFormat(file) {
  if (/\.m[jt]s$/.test(file)) return 'module';
  if (/\.c[jt]s$/.test(file)) return 'commonjs';
  return packageType(dirname(file));
}

/** @type {Map<string, 'commonjs' | 'module'>} */
const packageTypes = new Map();

/**
 * @param {string} folder
 * @returns {'commonjs' | 'module'}
 */
function packageType(folder) {
  let type = packageTypes.get(folder);
  if (type === undefined) {
    try {
      const { type: declared } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      type = declared === 'module' ? 'module' : 'commonjs';
    } catch {
      type = dirname(folder) === folder ? 'commonjs' : packageType(dirname(folder));
    }
    packageTypes.set(folder, type);
  }
  return type;
}
