import { dirname, join } from 'node:path';
import { fail } from '../errors.ts';
import { compileNode, refuse, type WebtaskSource } from './compile-node.ts';
import { describeExport } from './describe-export.ts';
import { type ModuleWebtask, requireAs } from './load.ts';
import { isNotInstalled, MIDDLEWARE_COMPILER } from './platform-modules.ts';
import { parseModuleRequest } from './require-version.ts';

// biome-ignore lint/complexity/noBannedTypes: what a script exports is any function
type AnyFunction = Function;
type Callback = (error?: unknown, compiled?: unknown) => void;

/** What a compiler is given. */
export interface CompilerOptions extends ModuleWebtask {
  /** The text of the webtask, in whatever language it is. */
  readonly script: string;
  /** Compiles JavaScript or TypeScript, and gives the function that it exports, of any parameters. */
  nodejsCompiler(script: string, callback: (error: unknown, exported?: AnyFunction) => void): void;
}

/** Turns the text of a webtask into a webtask function, which it gives to the callback. */
export type Compiler = (options: CompilerOptions, callback: Callback) => unknown;

const IS_URL = /^https?:\/\//i;
const SILENT_AFTER_MS = 30_000;

/**
 * Has a webtask compiled by the compiler that its metadata `wt-compiler` names: a module, `module/export`, or a URL.
 *
 * The middleware compiler of the original is used where it is installed beside the middleware. Where it is not, the
 * kit's own takes its place; also where a middleware is named by URL, which the original would fetch past the rules of
 * this server, or is the platform's own.
 *
 * @returns what the compiler gave for a webtask function
 * @throws COMPILE_FAILED, COMPILER_INVALID, COMPILER_URL_REFUSED, COMPILER_SILENT, MODULE_VERSION_MISSING
 * @see protocol reference 2.6 to 2.8
 */
export async function compileCustom(source: WebtaskSource, given: ModuleWebtask): Promise<unknown> {
  const compiler = await findCompiler(given.meta['wt-compiler'] ?? '', source, given);
  const { meta, secrets, params, storage } = given;
  const options: CompilerOptions = {
    script: source.code,
    nodejsCompiler: (script, callback) => {
      // The callback is called apart from the promise: what it throws is no error of compiling.
      compileFunction(script, source, given).then(
        (exported) => process.nextTick(callback, null, exported),
        (error: unknown) => process.nextTick(callback, error),
      );
    },
    meta,
    secrets,
    params,
    storage,
  };
  try {
    return await callCompiler(compiler, options, given.meta['wt-compiler'] ?? '');
  } catch (error) {
    return refuse(error);
  }
}

async function findCompiler(name: string, source: WebtaskSource, given: ModuleWebtask): Promise<Compiler> {
  if (IS_URL.test(name)) return asCompiler(await compileUrl(name, source, given), name);
  const request = parseModuleRequest(name) ?? fail('COMPILER_INVALID', { name, found: 'no module' });
  const id = request.version === undefined ? request.name : `${request.name}@${request.version}`;
  const require = (id: string): unknown => requireAs(id, source.file, given, source.modulePaths);
  if (request.name === MIDDLEWARE_COMPILER && request.path === '') {
    const isOwn =
      (source.modulePaths ?? []).length > 0 || /https?:\/\/|@webtask\//i.test(given.meta['wt-middleware'] ?? '');
    const installed = isOwn ? undefined : installedOr(() => require(id));
    if (installed === undefined) {
      const { createMiddlewareCompiler } = await import('./middleware.ts');
      return createMiddlewareCompiler({ require, compileUrl: (url) => compileUrl(url, source, given) });
    }
    return asCompiler(installed, name);
  }
  try {
    const exported = require(id);
    if (request.path === '') return asCompiler(exported, name);
    return asCompiler((exported as Record<string, unknown>)[request.path.slice(1)], name); // a module is an object
  } catch (error) {
    return refuse(error);
  }
}

/** Gives `undefined` where the package is not there; other errors are its own. */
function installedOr(load: () => unknown): unknown {
  try {
    return load();
  } catch (error) {
    return isNotInstalled(error) ? undefined : refuse(error);
  }
}

function asCompiler(value: unknown, name: string): Compiler {
  if (typeof value === 'function') return value as Compiler; // any function may be one
  return fail('COMPILER_INVALID', { name, found: describeExport(value) });
}

async function compileUrl(url: string, source: WebtaskSource, given: ModuleWebtask): Promise<AnyFunction> {
  const { fetchText } = source;
  if (!fetchText) return fail('COMPILER_URL_REFUSED', { url: url.replace(/\?.*$/s, '') });
  return compileFunction(await fetchText(url), source, given);
}

/** Compiles a script that must export a function; one that is not the webtask itself has a file of its own in traces. */
async function compileFunction(script: string, source: WebtaskSource, given: ModuleWebtask): Promise<AnyFunction> {
  const file = script === source.code ? source.file : join(dirname(source.file), 'compiled.js');
  const { exported } = await compileNode({ ...source, code: script, file }, given);
  if (typeof exported === 'function') return exported;
  return fail('COMPILE_NOT_A_FUNCTION', { exported: describeExport(exported) });
}

function callCompiler(compiler: Compiler, options: CompilerOptions, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const silent = (): void => {
      try {
        fail('COMPILER_SILENT', { name, limitMs: SILENT_AFTER_MS });
      } catch (error) {
        reject(error);
      }
    };
    const timer = setTimeout(silent, SILENT_AFTER_MS);
    const settle = (error?: unknown, compiled?: unknown): void => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve(compiled);
    };
    try {
      // An async compiler fails by its promise; what it resolves with says nothing.
      Promise.resolve(compiler(options, settle)).catch(settle);
    } catch (error) {
      settle(error);
    }
  });
}
