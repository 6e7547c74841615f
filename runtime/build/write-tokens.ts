import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BuiltToken } from './build.ts';

/**
 * Writes the tokens of a build to a file that only its owner can read, in place of those of the last build.
 *
 * The file appears whole: who reads it meanwhile sees the old tokens or the new ones.
 *
 * @param file - JSON; its folder is made where it is missing, readable by its owner only
 */
export async function writeTokens(file: string, tokens: readonly BuiltToken[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
