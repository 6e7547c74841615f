import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { fail, WebtaskError } from '../errors.ts';

/** A checkout of a git repository. */
export interface Checkout {
  /** Absolute path. */
  readonly root: string;
  /** The full id of the commit that is checked out. */
  readonly head: string;
}

interface GitResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Paths are names, not patterns; objects are what they are; nothing is locked while others work in the checkout. */
const ALWAYS = ['--literal-pathspecs', '--no-replace-objects', '--no-optional-locks'];

/**
 * Finds the checkout that a folder is in.
 *
 * @param folder - absolute path, without symbolic links
 * @returns nothing where the folder is in no checkout
 * @throws GIT_MISSING, GIT_FAILED, BUILD_NO_COMMIT
 */
export async function openCheckout(folder: string): Promise<Checkout | undefined> {
  const found = await run(folder, ['rev-parse', '--show-toplevel']);
  if (found.status !== 0 && found.stderr.includes('not a git repository')) return undefined;
  const root = resolve(firstLine(succeed('rev-parse', found)));
  const head = await findCommit({ root, head: '' }, 'HEAD');
  return { root, head: head ?? fail('BUILD_NO_COMMIT', { folder: root }) };
}

/**
 * Gives the full id of the commit that a name stands for in this checkout.
 *
 * @param ref - branch, tag, or a commit's id, also shortened
 */
export async function findCommit({ root }: Checkout, ref: string): Promise<string | undefined> {
  if (ref.startsWith('-')) return undefined; // git would take it for an option
  const { status, stdout } = await run(root, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  return status === 0 ? firstLine(stdout) : undefined;
}

/**
 * Reads a file as a commit has it.
 *
 * @param path - from the root, with `/`
 * @returns nothing where the commit has no such file
 */
export async function readBlob({ root }: Checkout, commit: string, path: string): Promise<Buffer | undefined> {
  const entry = firstLine(await git(root, ['ls-tree', '-z', commit, '--', path]));
  const [, id] = /^100\d{3} blob ([0-9a-f]+)\t/.exec(entry) ?? [];
  return id === undefined ? undefined : git(root, ['cat-file', 'blob', id]);
}

/** Whether a file that the commit has differs from it in the working copy or in what is staged. */
export async function isModified({ root }: Checkout, path: string): Promise<boolean> {
  return (await git(root, ['status', '--porcelain=v1', '-z', '--untracked-files=no', '--', path])).length > 0;
}

/** Whether git keeps a file. */
export async function isTracked({ root }: Checkout, path: string): Promise<boolean> {
  return (await git(root, ['ls-files', '-z', '--', path])).length > 0;
}

/** Whether the attributes of a file send it to Git LFS. */
export async function isInLfs({ root }: Checkout, path: string): Promise<boolean> {
  const [, , value] = (await git(root, ['check-attr', '-z', 'filter', '--', path])).toString().split('\0');
  return value === 'lfs';
}

/** The remotes of a checkout, by name, with the URL that git would fetch from. */
export async function listRemotes({ root }: Checkout): Promise<Map<string, string>> {
  const names = (await git(root, ['remote'])).toString().split('\n').filter(Boolean);
  const remotes = new Map<string, string>();
  for (const name of names) remotes.set(name, firstLine(await git(root, ['remote', 'get-url', '--', name])));
  return remotes;
}

/**
 * Whether a branch of a remote holds a commit, as far as this checkout knows.
 *
 * @param remote - by default any
 */
export async function isPushed({ root }: Checkout, commit: string, remote?: string): Promise<boolean> {
  const where = remote === undefined ? 'refs/remotes' : `refs/remotes/${remote}`;
  const found = await git(root, ['for-each-ref', '--count=1', '--format=%(refname)', `--contains=${commit}`, where]);
  return found.length > 0;
}

/** A commit's id as people read it. */
export function shortId(commit: string): string {
  return commit.slice(0, 7);
}

async function git(folder: string, args: readonly string[]): Promise<Buffer> {
  return succeed(args[0] ?? '', await run(folder, args));
}

function succeed(command: string, { status, stdout, stderr }: GitResult): Buffer {
  if (status !== 0) fail('GIT_FAILED', { command, reason: stderr.trim().replace(/\s+/g, ' ') });
  return stdout;
}

/** No shell is asked, so that no name of a file or branch can be a command. */
function run(folder: string, args: readonly string[]): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: folder,
      env: environment(),
      encoding: 'buffer',
      maxBuffer: MAX_BYTES,
      windowsHide: true,
    } as const;
    execFile('git', [...ALWAYS, ...args], options, (error, stdout, stderr) => {
      if (typeof error?.code === 'number') {
        resolve({ status: error.code, stdout, stderr: stderr.toString() });
      } else if (error) {
        reject(error.code === 'ENOENT' ? missing(error) : error);
      } else {
        resolve({ status: 0, stdout, stderr: '' });
      }
    });
  });
}

/** Without what git hands to its hooks: variables that would point to another checkout. Errors are in English. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return { ...Object.fromEntries(own), LC_ALL: 'C' };
}

function missing(cause: Error): WebtaskError {
  return new WebtaskError('GIT_MISSING', {}, { cause });
}

function firstLine(text: Buffer | string): string {
  return text.toString().split('\n', 1)[0] ?? '';
}
