import Module from 'node:module';
import { dirname } from 'node:path';
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
 * @see protocol reference 2.1
 */
export function loadModule(
  code: string,
  file: string,
  webtask: ModuleWebtask,
  modulePaths: readonly string[] = [],
): unknown {
  const module = new CommonJS(file);
  module.filename = file;
  module.paths = [...CommonJS._nodeModulePaths(dirname(file)), ...modulePaths];
  module.webtask = webtask;
  module.require = requireOf(module, declaredVersions(webtask.meta));
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

function requireOf(module: CommonJSModule, versions: ReadonlyMap<string, string>): NodeJS.Require {
  const requireFrom = module.require; // Node's own, which looks into module.paths
  const load = (id: string): unknown => {
    const request = parseModuleRequest(id);
    const version = request && (request.version ?? versions.get(request.name));
    return requireFrom.call(module, request && version ? resolveVersion({ ...request, version }, module.paths) : id);
  };
  return load as NodeJS.Require; // Module#require is only ever called; Node adds resolve and cache itself
}

function declaredVersions(meta: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const declared = meta['wt-node-dependencies'];
  if (declared === undefined) return new Map();
  return new Map(Object.entries(JSON.parse(declared) as Record<string, string>));
}
