import { readFile } from 'node:fs/promises';
import { fail } from '../errors.ts';
import type { Remote } from './request.ts';

/**
 * Reads a profile that `wt init` wrote.
 *
 * @param file - `.webtask` in the home folder
 * @throws TRANSFER_PROFILE
 * @see protocol reference 7.1
 */
export async function readProfile(file: string, profile: string): Promise<Remote> {
  const refuse = (reason: string, cause?: unknown): never =>
    fail('TRANSFER_PROFILE', { profile, file, reason }, { cause });
  let profiles: unknown;
  try {
    profiles = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return refuse(code === undefined ? 'the file is no JSON' : `the file cannot be read (${code})`, cause);
  }
  const names = Object.keys(profiles ?? {});
  if (!names.includes(profile)) return refuse(`there are ${names.join(', ') || 'none'}`);
  const found = (profiles as Record<string, unknown>)[profile] ?? {};
  const { url, token, container } = found as Record<'url' | 'token' | 'container', unknown>; // checked below
  if (typeof url !== 'string' || typeof token !== 'string' || typeof container !== 'string') {
    return refuse('it lacks url, token or container');
  }
  return { server: url.replace(/\/+$/, ''), token, container };
}
