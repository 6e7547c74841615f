import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Node } from 'acorn';
import { parseModuleRequest, resolveVersion } from '../../compile/index.ts';
import type { CompileOptions } from './options.ts';

/** A `require` of a text in the code. */
interface Requirement {
  readonly id: string;
  /** Where the text is, with its quotes. */
  readonly start: number;
  readonly end: number;
}

/**
 * Has the modules installed that code requires and that are not there, as the directive `"use npm"` asks.
 *
 * A failed installation is a warning only: what is missing then is what compiling fails with.
 *
 * @param file - absolute path that the code is compiled under
 * @returns the code, where a version that is still not there gives way to whichever is
 * @see protocol reference 2.4
 */
export async function installMissing(code: string, file: string, options: CompileOptions): Promise<string> {
  const isMissing = ({ id }: Requirement): boolean => !isInstalled(id, file, options.extraModulePaths ?? []);
  const missing = (await findRequirements(code)).filter(isMissing);
  if (missing.length === 0) return code;

  const { info, warn } = writersOf(options);
  const ids = missing.map(({ id }) => id);
  info(`The code requires modules that are not installed: [${ids.join(', ')}]. Installing them ...`);
  try {
    await install(ids, options);
  } catch (error) {
    warn(`An error was encountered while trying to install missing modules: ${(error as Error).message}`); // what installs throws errors
    warn('Attempting to run the webtask anyway...');
  }
  return missing.filter(isMissing).reduceRight(withoutVersion, code);
}

function writersOf({ logger = console }: CompileOptions): { info(text: string): void; warn(text: string): void } {
  return { info: (text) => logger.info(text), warn: (text) => logger.warn(text) };
}

function install(ids: string[], { installModules }: CompileOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!installModules) throw new Error(`no installModules was given to install ${ids.join(', ')} with.`);
    installModules(ids, (error) => (error ? reject(error) : resolve()));
  });
}

/** Lists what code requires by a text; code that is not CommonJS requires nothing that way. */
async function findRequirements(code: string): Promise<Requirement[]> {
  if (!/\brequire\b/.test(code)) return [];
  const { parse } = await import('acorn');
  const found: Requirement[] = [];
  try {
    visit(parse(code, { ecmaVersion: 'latest', allowReturnOutsideFunction: true, allowHashBang: true }), found);
  } catch {
    return []; // compiling says what is wrong with it
  }
  return found;
}

function visit(node: Node, found: Requirement[]): void {
  // Of whichever type a node is: what it lacks is undefined.
  const {
    type,
    callee,
    arguments: args,
  } = node as Node & { callee?: Named; arguments?: (Node & { value?: unknown })[] };
  const [id] = args ?? [];
  if (type === 'CallExpression' && callee?.type === 'Identifier' && callee.name === 'require' && isText(id)) {
    found.push({ id: id.value, start: id.start, end: id.end });
  }
  for (const child of Object.values(node).flat()) if (isNode(child)) visit(child, found);
}

type Named = Node & { name?: string };

function isText(node: (Node & { value?: unknown }) | undefined): node is Node & { value: string } {
  return node?.type === 'Literal' && typeof node.value === 'string';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function isInstalled(id: string, file: string, extraPaths: readonly string[]): boolean {
  const request = parseModuleRequest(id);
  if (!request) return true; // a path
  const { name, version, path } = request;
  const require = createRequire(file);
  try {
    if (version !== undefined) {
      resolveVersion({ name, version, path }, [...(require.resolve.paths(name) ?? []), ...extraPaths]);
    } else if (!extraPaths.some((folder) => existsSync(join(folder, name)))) {
      require.resolve(id);
    }
    return true;
  } catch {
    return false;
  }
}

function withoutVersion(code: string, { id, start, end }: Requirement): string {
  const { name, path } = parseModuleRequest(id) ?? { name: id, path: '' };
  return `${code.slice(0, start)}${JSON.stringify(name + path)}${code.slice(end)}`;
}
