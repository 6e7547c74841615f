import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { TransformOptions } from 'esbuild';
import { keep, readKept } from './kept-files.ts';
import type { transformCode } from './transform.ts';

/** As many as people work on, and their last few versions; each has some kilobytes. */
const MAX_KEPT = 200;

/**
 * Makes a {@link transformCode} that keeps what it made in a folder: of code that has not changed, esbuild need not be
 * started, which takes twice as long as Node itself.
 *
 * @param folder - absolute path; made with mode 0700 where it is missing
 */
export function keepTransformed(folder: string): typeof transformCode {
  return async (code, options, limitMs) => {
    const name = nameOf(code, options);
    const kept = readKept(folder, name);
    if (kept !== undefined) return { code: kept.toString() };
    const transformer = await import('./transform.ts');
    const made = await transformer.transformCode(code, options, limitMs);
    keep(folder, name, Buffer.from(made.code), MAX_KEPT);
    return made;
  };
}

/** All that decides what esbuild makes. */
function nameOf(code: string, options: TransformOptions): string {
  const { version } = createRequire(import.meta.url)('esbuild/package.json') as { version: string };
  const all = JSON.stringify([version, process.version, options, code]);
  return createHash('sha256').update(all).digest('hex');
}
