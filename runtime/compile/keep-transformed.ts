import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TransformOptions } from 'esbuild';
import type { transformCode } from './transform.ts';

/** As many as people work on, and their last few versions; each has some kilobytes. */
const MAX_KEPT = 200;

/**
 * Makes a {@link transformCode} that keeps what it made in a folder: of code that has not changed, esbuild need not be
 * started, which takes twice as long as Node itself.
 *
 * What is kept is run, so it is taken only from a folder that no other user can write to. Without one, and where
 * anything is wrong with what is kept, all is as if there were nothing.
 *
 * @param folder - absolute path; made with mode 0700 where it is missing
 */
export function keepTransformed(folder: string): typeof transformCode {
  return async (code, options, limitMs) => {
    const file = join(folder, nameOf(code, options));
    const kept = readKept(folder, file);
    if (kept !== undefined) return { code: kept };
    const transformer = await import('./transform.ts');
    const made = await transformer.transformCode(code, options, limitMs);
    await keep(folder, file, made.code).catch(() => undefined); // it is made again the next time
    return made;
  };
}

/** All that decides what esbuild makes. */
function nameOf(code: string, options: TransformOptions): string {
  const { version } = createRequire(import.meta.url)('esbuild/package.json') as { version: string };
  return hash(JSON.stringify([version, process.version, options, code]));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The first line is the hash of the others: a machine that lost its power may have kept half of a file, or none. */
function readKept(folder: string, file: string): string | undefined {
  try {
    if (!isOurs(folder)) return undefined;
    const text = readFileSync(file, 'utf8');
    const end = text.indexOf('\n');
    const code = text.slice(end + 1);
    return text.slice(0, end) === hash(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

async function keep(folder: string, file: string, code: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!isOurs(folder)) return;
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, `${hash(code)}\n${code}`, { mode: 0o600 });
  await rename(unfinished, file);
  await dropOldest(folder);
}

/** Whether a folder, and no link to one, is this user's, and others can write nothing into it. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder);
  if (process.getuid === undefined) return found.isDirectory(); // Windows keeps profiles apart, and has no modes
  return found.isDirectory() && found.uid === process.getuid() && (found.mode & 0o022) === 0;
}

async function dropOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= MAX_KEPT) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  const oldest = aged.sort((a, b) => a.at - b.at).slice(0, names.length - MAX_KEPT / 2);
  await Promise.all(oldest.map(({ name }) => rm(join(folder, name), { force: true })));
}
