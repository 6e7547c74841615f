import type { ErrorEntry } from './entry.ts';

/** Errors of code that does not become a function, and of the packages it needs. */
export const COMPILE_ERRORS = {
  // compile
  COMPILE_FAILED: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: {reason}',
    fix: 'Correct the code there, or install the package that it misses.',
  },
  COMPILE_RETURN_IN_MODULE: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: {place} returns at top level, which an ES module cannot do.',
    fix: 'Use export default in place of the return, or require() in place of import and export.',
  },
  COMPILE_SIGNATURE: {
    status: 400,
    fault: 'webtask',
    text: 'The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res). It has {length} parameters.',
    fix: 'Parameters with a default and rest parameters do not count, nor do any after them.',
  },
  MODULE_VERSION_MISSING: {
    status: 400,
    fault: 'webtask',
    text: "Compilation failed: Cannot find module '{name}' in version {version}; {found} is installed.",
    fix: 'Install it with: npm install {name}@{version}',
  },
  COMPILE_NOT_A_FUNCTION: {
    status: 400,
    fault: 'webtask',
    text: 'Supplied code must return or export a function. It exported {exported}.',
    fix: 'Assign a function to module.exports, return one at top level, or use export default.',
  },
  // modules
  MODULE_INVALID: {
    status: 400,
    fault: 'caller',
    text: '{name}@{version} names no package in one exact version.',
    fix: 'Write the name and the whole version, such as lodash@4.17.4.',
  },
  MODULE_UNKNOWN: {
    status: 400,
    fault: 'webtask',
    text: "Compilation failed: Cannot find module '{module}': the registry does not have it.",
    fix: 'Ask for a package and version that the registry has.',
  },
  MODULE_FOREIGN: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: The module {module} depends on {dependency}, which is of no registry that this server uses.',
    fix: 'Ask for a package that depends on packages of the registry only: not on a git repository, a URL or a file.',
  },
  MODULES_NPM: {
    status: 502,
    fault: 'platform',
    text: 'npm does not say where its registry is: {reason}.',
    fix: 'Run npm config list as the user of the server; give a proxy that has a password as HTTPS_PROXY, not in a file.',
  },
  MODULE_DAMAGED: {
    status: 502,
    fault: 'platform',
    text: 'The module {module} was refused: {reason}.',
  },
  MODULE_UNAVAILABLE: {
    status: 502,
    fault: 'platform',
    text: 'The module {module} is not on this server, and could not be fetched from the registry: {reason}.',
    fix: 'Look at the network and at the registry that npm is set to; what this server has fetched before works without.',
  },
  MODULES_WAITING: {
    status: 429,
    fault: 'caller',
    text: 'The container {container} would have more than {max} modules fetched at once.',
    fix: 'Try again after {retryAfter} s: some of them are there by then.',
  },
  MODULES_BUSY: {
    status: 503,
    fault: 'platform',
    text: 'This server already has {max} modules to fetch.',
    fix: 'Try again after {retryAfter} s.',
  },
  COMPILE_DEPENDENCIES: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: the metadata wt-node-dependencies cannot be used: {reason}.',
    fix: 'Write a JSON object, with the exact version of each name.',
  },
  COMPILER_INVALID: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: the compiler {name} is not a function, but {found}.',
    fix: 'Name a module that exports a function (options, callback) in wt-compiler, or module/export, or a URL.',
  },
  COMPILER_URL_REFUSED: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: {url} is not fetched here.',
    fix: 'Name the compiler or middleware by its module.',
  },
  COMPILER_SILENT: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: the compiler {name} did not call back within {limitMs} ms.',
    fix: 'Have it call back with an error, or with the function of the webtask.',
  },
} as const satisfies Record<string, ErrorEntry>;
