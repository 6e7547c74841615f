import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Who serves the embedded store of a data folder, for people: what decides is the lock on its files. */
export interface Owner {
  readonly program: string;
  readonly pid: string;
}

/** Notes in the folder that this process serves its store. */
export async function writeOwner(folder: string): Promise<void> {
  await writeFile(fileOf(folder), `${process.pid} ${programName(process.argv)}\n`, { mode: 0o600 });
}

/** Says who serves, as far as it was noted. */
export async function readOwner(folder: string): Promise<Owner> {
  const text = await readFile(fileOf(folder), 'utf8').catch(() => '');
  const [, pid = 'of unknown id', program = 'a program'] = /^(\d+) (.+)$/m.exec(text) ?? [];
  return { program, pid };
}

/** Removes the note. */
export async function removeOwner(folder: string): Promise<void> {
  await rm(fileOf(folder), { force: true });
}

function fileOf(folder: string): string {
  return join(folder, 'owner');
}

/** `webtask serve`: the program and the word after it, and nothing that may be a secret. */
function programName([, program = '', command = '']: readonly string[]): string {
  const name = basename(program).replace(/\.[cm]?[jt]s$/, '') || 'node';
  return /^[a-z-]{1,20}$/.test(command) && !command.startsWith('-') ? `${name} ${command}` : name;
}
