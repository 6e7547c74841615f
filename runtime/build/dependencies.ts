import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { findRequires, type Requirement } from '../compile/find-requires.ts';
import { type Language, parseModuleRequest } from '../compile/index.ts';
import { fail } from '../errors.ts';
import { readLockfile } from './lockfile.ts';

const DECLARED_IN = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** The text of a webtask and where it belongs. */
export interface DependencySource {
  readonly code: string;
  readonly language: Language;
  /** Absolute path of the webtask's folder. */
  readonly folder: string;
  /** Absolute path of the project: where its package.json is. */
  readonly project: string;
  /** The webtask as messages name it. */
  readonly label: string;
  /** Whether the files beside it become part of it. */
  readonly bundled?: boolean | undefined;
}

/**
 * Finds the exact versions of the packages that a webtask requires: the metadata `wt-node-dependencies`.
 *
 * Requests that name their version, and what is built into Node, need none.
 *
 * @returns versions by name, in alphabetical order
 * @throws BUILD_BESIDE, BUILD_UNDECLARED, BUILD_UNLOCKED, BUILD_LOCK_INVALID, COMPILE_FAILED
 * @see protocol reference 2.5
 */
export async function findVersions(source: DependencySource): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const requirement of await findRequires(source.code, source.label, source.language)) {
    const found = versionOf(requirement, source);
    if (found) versions[found.name] = found.version;
  }
  return Object.fromEntries(Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function versionOf(
  { module, line }: Requirement,
  { folder, project, label, bundled }: DependencySource,
): { name: string; version: string } | undefined {
  if (isBuiltin(module)) return undefined;
  const place = `${label}:${line}`;
  const request = parseModuleRequest(module);
  if (bundled && isBeside(module)) return undefined;
  // `#name` is an entry of the repository's own package.json.
  if (!request || module.startsWith('#')) return fail('BUILD_BESIDE', { place, module });
  const { name, version } = request;
  if (version !== undefined) return undefined;
  if (!declaredNames(project).includes(name)) fail('BUILD_UNDECLARED', { place, module, name });
  const found = readLockfile(folder)?.versionOf(name, folder) ?? { reason: 'there is no package-lock.json' };
  if ('reason' in found) return fail('BUILD_UNLOCKED', { place, module, name, reason: found.reason });
  return { name, version: found.version };
}

/** Whether a module is a file, by its path from the one that asks for it. */
export function isBeside(module: string): boolean {
  return /^\.{1,2}(\/|$)/.test(module);
}

/** A package that only another one brings along is not declared: an update of that one may take it away. */
function declaredNames(project: string): string[] {
  const file = join(project, 'package.json');
  let content: Partial<Record<(typeof DECLARED_IN)[number], Record<string, string>>>;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // looked at as what node:fs throws
    throw error;
  }
  return DECLARED_IN.flatMap((member) => Object.keys(content[member] ?? {}));
}
