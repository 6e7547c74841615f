import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';
import { Script } from 'node:vm';
import { keep, readKept } from './kept-files.ts';

/** A few commands of a few versions; each has about a megabyte. */
const MAX_KEPT = 30;

/** Milliseconds after which a program that goes on has started; V8 drops later what only its start needed. */
const STARTED_MS = 2_000;

/** What a script calls in place of `import()`, as long as that. */
export const LOAD = '__load';

/** What the code is between, in its file: what counts which of it runs goes by places in the file. */
export const WRAPPER = [`(function (exports, require, module, __filename, __dirname, ${LOAD}) {`, '})'] as const;

type Wrapper = (
  exports: unknown,
  require: NodeJS.Require,
  module: { exports: unknown },
  __filename: string,
  __dirname: string,
  __load: (specifier: string) => Promise<unknown>,
) => void;

/**
 * Requires a file of CommonJS with what V8 compiled of it the last time: compiling takes a third of the time that a
 * server needs to start. Later versions of Node can do so too, but would keep the code of webtasks as well.
 *
 * @param file - absolute path of code in ASCII, in the {@link WRAPPER}, that has {@link LOAD} in place of `import`, for
 *   which scripts would need what Node calls experimental; what is kept is as good as its name, size and time of change
 * @param use - what it is required for, since that decides which of its functions are compiled
 * @param folder - absolute path of where that is kept, as {@link readKept} takes it; without one, nothing is
 * @returns what the file exports
 *
 * @example
 * const { start } = requireKept('/app/dist/webtask-ABC.cjs', 'serve', join(publicFolder(), 'compiled'));
 *
 * @see https://v8.dev/blog/improved-code-caching
 */
export function requireKept(file: string, use: string, folder: string | undefined): unknown {
  const { size, mtimeMs } = statSync(file);
  const name = [basename(file), size, mtimeMs, process.version, process.arch, use].join('_');
  // Code that counts how often it runs is other code.
  const where = process.env.NODE_V8_COVERAGE === undefined ? folder : undefined;
  const cachedData = where && readKept(where, name);
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, ...(cachedData && { cachedData }) });
  if (where !== undefined && (!cachedData || script.cachedDataRejected)) {
    keepOnce(() => keep(where, name, script.createCachedData(), MAX_KEPT));
  }
  const module = { exports: {} };
  const run = script.runInThisContext() as Wrapper;
  run(module.exports, createRequire(file), module, file, dirname(file), (specifier) => import(specifier));
  return module.exports;
}

/** When the program has started, or ends before: functions are compiled when they are first called. */
function keepOnce(keepNow: () => void): void {
  const timer = setTimeout(() => {
    process.off('exit', keepNow);
    keepNow();
  }, STARTED_MS);
  timer.unref();
  process.once('exit', keepNow);
}
