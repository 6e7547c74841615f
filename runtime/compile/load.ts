import Module from 'node:module';
import { dirname } from 'node:path';
import { fail } from '../errors.ts';
import { restoreRemoved } from './old-node.ts';
import { parseModuleRequest, resolveVersion } from './require-version.ts';

/** What `module.webtask` holds while the code runs for the first time. */
export interface ModuleWebtask {
  readonly secrets: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly storage: unknown;
}

/** The parts of Node's Module class that have no public type. `_compile` is what the original platform called. */
interface CommonJSModule extends NodeJS.Module {
  filename: string;
  paths: string[];
  webtask: ModuleWebtask;
  _compile(code: string, file: string): unknown;
}
const CommonJS = Module as unknown as {
  new (file: string): CommonJSModule;
  _nodeModulePaths(folder: string): string[];
};

/**
 * Runs CommonJS code as the original platform did and gives what it exported.
 *
 * There is no wrapper of ours and no line offset, so stack traces name the author's line and breakpoints bind.
 *
 * @param code - CommonJS that the running Node understands
 * @param file - absolute path under which it runs; `require` resolves from its folder
 * @param webtask - becomes `module.webtask`
 * @param modulePaths - folders of packages that are searched last
 * @returns the code's own return value where that is truthy, otherwise `module.exports`
 * @throws COMPILE_DEPENDENCIES
 * @see protocol reference 2.1
 */
export function loadModule(
  code: string,
  file: string,
  webtask: ModuleWebtask,
  modulePaths: readonly string[] = [],
): unknown {
  const module = createModule(file, webtask, modulePaths);
  const returned = module._compile(code, file);
  module.loaded = true;
  const exported: unknown = returned || module.exports;
  keep(module, exported);
  return exported;
}

/** With what a module exported, or its default export, where that alone is used. */
function keep(module: CommonJSModule, exported: unknown): void {
  if (typeof exported !== 'function' && (typeof exported !== 'object' || exported === null)) return;
  modules.set(exported, module);
  if ('default' in exported && exported.default !== exported) keep(module, exported.default);
}

/**
 * Keeps a module as long as what it exported: Node forgets the source map of a module that is gone (seen on 22), and
 * stack traces would then name lines that the author never wrote.
 */
const modules = new WeakMap<object, CommonJSModule>();

/**
 * Requires a package as the code of a webtask would: in the version that its metadata declares.
 *
 * @param id - `name`, or `name@version`
 * @param file - absolute path of the webtask
 * @throws COMPILE_DEPENDENCIES, MODULE_VERSION_MISSING, and whatever the package throws while it loads
 * @see protocol reference 2.5, 2.6
 */
export function requireAs(
  id: string,
  file: string,
  webtask: ModuleWebtask,
  modulePaths: readonly string[] = [],
): unknown {
  return createModule(file, webtask, modulePaths).require(id);
}

/** Lists the folders of packages that a file's `require` looks into, nearest first. */
export function packageFolders(file: string): string[] {
  return CommonJS._nodeModulePaths(dirname(file));
}

/**
 * Reads the versions that metadata `wt-node-dependencies` declares.
 *
 * @returns package names and exact versions
 * @throws COMPILE_DEPENDENCIES
 * @see protocol reference 2.6
 */
export function declaredVersions(meta: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const text = meta['wt-node-dependencies'];
  if (text === undefined || text === '') return new Map();
  let declared: unknown;
  try {
    declared = JSON.parse(text);
  } catch (cause) {
    return fail('COMPILE_DEPENDENCIES', { reason: 'it is no JSON' }, { cause });
  }
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) {
    return fail('COMPILE_DEPENDENCIES', { reason: 'it is no object of names and versions' });
  }
  const versions = new Map<string, string>();
  for (const [name, version] of Object.entries(declared)) {
    if (typeof version !== 'string')
      return fail('COMPILE_DEPENDENCIES', { reason: `the version of ${name} is no text` });
    versions.set(name, version);
  }
  return versions;
}

function createModule(file: string, webtask: ModuleWebtask, modulePaths: readonly string[]): CommonJSModule {
  if (modulePaths.length > 0) restoreRemoved();
  const module = new CommonJS(file);
  module.filename = file;
  module.paths = [...packageFolders(file), ...modulePaths];
  module.webtask = webtask;
  // One exact version is the same wherever it is; in a folder of its own it finds the packages that it came with.
  module.require = requireOf(module, declaredVersions(webtask.meta), [...modulePaths, ...packageFolders(file)]);
  return module;
}

function requireOf(
  module: CommonJSModule,
  versions: ReadonlyMap<string, string>,
  folders: readonly string[],
): NodeJS.Require {
  const requireFrom = module.require; // Node's own, which looks into module.paths
  const load = (id: string): unknown => {
    const request = parseModuleRequest(id);
    const version = request && (request.version ?? versions.get(request.name));
    return requireFrom.call(module, request && version ? resolveVersion({ ...request, version }, folders) : id);
  };
  return load as NodeJS.Require; // Module#require is only ever called; Node adds resolve and cache itself
}
