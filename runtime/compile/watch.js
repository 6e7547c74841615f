/**
 * What `mocha --watch` needs to run changed ES modules again.
 *
 * Before each run mocha drops the project's files from the cache of `require`, which holds no ES modules: Node loads
 * one of them once. So the project's own modules are loaded as CommonJS, where mocha requires them.
 */
import { sep } from 'node:path';
import { moduleFormat } from './loader.js';

export const isWatching = process.argv.some((it) => it === '--watch' || it === '-w');

/**
 * Whether a required file is an ES module of the project, and not of a package.
 *
 * @param {string} file - absolute path
 */
export function isOwnModule(file) {
  const isOwn = file.startsWith(process.cwd() + sep) && !file.includes(`${sep}node_modules${sep}`);
  return isOwn && moduleFormat(file) === 'module';
}
