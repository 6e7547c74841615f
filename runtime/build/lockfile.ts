import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fail } from '../errors.ts';

/** The exact versions that npm wrote down. */
export interface Lockfile {
  /**
   * The version that code in a folder gets, or why it is unknown.
   *
   * @param from - absolute path of the folder
   */
  versionOf(name: string, from: string): { readonly version: string } | { readonly reason: string };
}

interface LockedPackage {
  readonly version?: string;
  /** A folder of the repository in place of a package. */
  readonly link?: boolean;
}

/**
 * Reads the nearest `package-lock.json` upward from a folder.
 *
 * @param from - absolute path
 * @returns nothing where there is none
 * @throws BUILD_LOCK_INVALID
 * @see https://docs.npmjs.com/cli/configuring-npm/package-lock-json
 */
export function readLockfile(from: string): Lockfile | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'package-lock.json');
    if (existsSync(file)) return lockfile(folder, readPackages(file));
    if (dirname(folder) === folder) return undefined;
  }
}

function lockfile(root: string, packages: Readonly<Record<string, LockedPackage>>): Lockfile {
  return {
    versionOf(name, from) {
      // As Node looks for modules: the nearest folder first.
      for (let folder = from; ; folder = dirname(folder)) {
        const key = relative(root, join(folder, 'node_modules', name))
          .split(sep)
          .join('/');
        const { version, link } = (Object.hasOwn(packages, key) && packages[key]) || {};
        if (link) return { reason: 'package-lock.json has a folder of this repository for it' };
        if (version !== undefined) return { version };
        if (folder === root || dirname(folder) === folder) return { reason: 'it is not in package-lock.json' };
      }
    },
  };
}

function readPackages(file: string): Readonly<Record<string, LockedPackage>> {
  let content: { packages?: Record<string, LockedPackage>; lockfileVersion?: number };
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return fail('BUILD_LOCK_INVALID', { file, reason }, { cause });
  }
  return (
    content.packages ??
    fail('BUILD_LOCK_INVALID', { file, reason: `its lockfileVersion is ${content.lockfileVersion}; 2 and 3 are read` })
  );
}
