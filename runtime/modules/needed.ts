import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import {
  declaredVersions,
  isPlatformModule,
  type Language,
  packageFolders,
  parseModuleRequest,
  resolveVersion,
} from '../compile/index.ts';
import { DEFAULT_VERSIONS } from './defaults.ts';
import { checkModule, type ModuleSpec } from './module-spec.ts';
import { scanRequires } from './scan-requires.ts';

/** The packages that a webtask asks for and that are not installed where it looks. */
export interface NeededModules {
  /** Those that it requires by their plain names, in one tree, so that each finds the others. */
  readonly together: readonly ModuleSpec[];
  /** Those that it requires as `name@version`. */
  readonly apart: readonly ModuleSpec[];
}

/** Modules that one webtask is looked at for: each takes time of the server. What is beyond is missing when it runs. */
const MOST = 1000;
/** Characters of code that is parsed to see what it requires: more would keep the server from all else for too long. */
const MOST_PARSED = 128 * 1024;

/** A webtask that is about to be compiled. */
export interface NeedingWebtask {
  readonly code: string;
  /** Absolute path that it is compiled under. */
  readonly file: string;
  readonly language: Language;
  readonly meta: Readonly<Record<string, string>>;
}

/**
 * Says which packages have to be provided before a webtask is compiled.
 *
 * What the code computes only when it runs cannot be known here, and is then missing.
 *
 * @throws COMPILE_DEPENDENCIES, MODULE_INVALID
 * @see protocol reference 2.5, 2.6
 */
export async function findNeeded(webtask: NeedingWebtask): Promise<NeededModules> {
  const { file, meta } = webtask;
  const folders = packageFolders(file);
  const isMissing = (spec: ModuleSpec): boolean => !isInstalled(spec, folders);
  const declared = [...declaredVersions(meta)]
    .filter(([name]) => !isPlatformModule(name))
    .map(([name, version]) => checkModule({ name, version }));
  const plain: ModuleSpec[] = declared.some(isMissing) ? declared : [];
  const apart: ModuleSpec[] = [];
  const isDeclared = (name: string): boolean => declared.some((it) => it.name === name);
  const isThere = (name: string): boolean => folders.some((folder) => existsSync(join(folder, name)));

  for (const id of [...(await requiredBy(webtask)).slice(0, MOST), meta['wt-compiler'] ?? '']) {
    const request = parseModuleRequest(id);
    if (!request || isPlatformModule(request.name) || isBuiltin(id) || /^[a-z]+:/.test(id)) continue;
    const { name } = request;
    if (request.version !== undefined) {
      const spec = checkModule({ name, version: request.version });
      if (isMissing(spec)) apart.push(spec);
      continue;
    }
    const version = DEFAULT_VERSIONS.get(name);
    if (version !== undefined && !isDeclared(name) && !isThere(name)) plain.push({ name, version });
  }
  return { together: unique(plain), apart: unique(apart) };
}

/** Code in another language than JavaScript requires nothing; what is wrong with JavaScript is said by compiling it. */
async function requiredBy({ code, file, language }: NeedingWebtask): Promise<string[]> {
  if (!/\b(?:require|import|from)\b/.test(code)) return [];
  if (code.length > MOST_PARSED) return scanRequires(code);
  try {
    const { findRequires } = await import('../compile/find-requires.ts'); // with its parser, which most code goes without
    return (await findRequires(code, file, language)).map(({ module }) => module);
  } catch {
    return [];
  }
}

function isInstalled({ name, version }: ModuleSpec, folders: readonly string[]): boolean {
  try {
    resolveVersion({ name, version, path: '' }, folders);
    return true;
  } catch {
    return false;
  }
}

function unique(specs: readonly ModuleSpec[]): ModuleSpec[] {
  return [...new Map(specs.map((it) => [`${it.name}@${it.version}`, it])).values()];
}
