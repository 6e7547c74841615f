import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../errors.ts';

/** A module as a webtask asks for it: `name`, `name@version`, either with a path inside the package. */
export interface ModuleRequest {
  readonly name: string;
  readonly version: string | undefined;
  /** `/sub/path`, or empty. */
  readonly path: string;
}

const REQUEST = /^(@[^/@]+\/[^/@]+|[^/@.][^/@]*)(?:@([^/]+))?(\/.*)?$/;

/**
 * Splits what a webtask passed to `require`. Relative and absolute paths give `undefined`.
 *
 * @see protocol reference 2.5
 * @example
 * parseModuleRequest('@scope/name@1.2.3/sub'); // { name: '@scope/name', version: '1.2.3', path: '/sub' }
 */
export function parseModuleRequest(id: string): ModuleRequest | undefined {
  const match = REQUEST.exec(id);
  if (match === null || match[1] === undefined || /^[A-Za-z]:$/.test(match[1])) return undefined;
  return { name: match[1], version: match[2], path: match[3] ?? '' };
}

/**
 * Finds the installed package of exactly that version.
 *
 * @param searchPaths - `node_modules` folders, nearest first, as Node's `module.paths`
 * @returns what to pass to Node's own `require`
 * @throws MODULE_VERSION_MISSING
 */
export function resolveVersion(request: ModuleRequest & { version: string }, searchPaths: readonly string[]): string {
  const { name, version, path } = request;
  let installed: string | undefined;
  for (const folder of searchPaths) {
    // `name@version` is where `npm install name@version@npm:name@version` puts a second version of one package.
    for (const candidate of [join(folder, name), join(folder, `${name}@${version}`)]) {
      const found = packageVersion(candidate);
      if (found === version) return candidate + path;
      installed ??= found;
    }
  }
  return fail('MODULE_VERSION_MISSING', { name, version, found: installed ?? 'no version' });
}

function packageVersion(folder: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown }; // a package.json is an object
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
