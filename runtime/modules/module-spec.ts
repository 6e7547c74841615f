import isVersion from 'semver/functions/valid.js';
import { fail } from '../errors.ts';

/** A package in one exact version. */
export interface ModuleSpec {
  readonly name: string;
  readonly version: string;
}

/** Upper case too, which names had for some years. */
const NAME = /^(?:@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/;
const LONGEST_NAME = 214;

/**
 * Checks that text names a package and one version of it: it becomes part of a path and of a command.
 *
 * @throws MODULE_INVALID
 */
export function checkModule({ name, version }: ModuleSpec): ModuleSpec {
  const isOne = isPackageName(name) && isVersion(version) === version;
  return isOne ? { name, version } : fail('MODULE_INVALID', { name, version });
}

/** Whether text can be the name of a package. */
export function isPackageName(name: string): boolean {
  return name.length <= LONGEST_NAME && NAME.test(name) && name !== 'node_modules' && !name.startsWith('-');
}
