import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { sha256Hex } from '../code/index.ts';
import { fail } from '../errors.ts';
import { type Checkout, findCommit, isInLfs, isModified, isTracked, openCheckout, readBlob, shortId } from './git.ts';
import { rawUrl } from './raw-url.ts';
import { findRepository, refuseUnpushed } from './repository.ts';

/** Where the code of a webtask is said to be; by default, where git and the environment say. */
export interface SourceOptions {
  /** `OWNER/REPO`, or the URL of a repository. */
  readonly repo?: string | undefined;
  /** Commit, branch or tag; by default the commit that is checked out. */
  readonly ref?: string | undefined;
  /** The URL itself. */
  readonly url?: string | undefined;
  /** Takes the working copy where it differs from the commit. */
  readonly allowDirty?: boolean | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Is told, in a sentence, what was not checked. */
  readonly onSkip: (sentence: string) => void;
}

/** A webtask in the working tree. */
export interface SourceFile {
  /** Absolute path. */
  readonly file: string;
  /** As messages name it. */
  readonly label: string;
  /** Absolute path of its project. */
  readonly project: string;
}

/** The code that a token is minted for. */
export interface Source {
  readonly bytes: Buffer;
  readonly url: string;
  /** Absent where the URL names a branch or tag, whose code is whatever it is when it runs. */
  readonly sha256: string | undefined;
  /** Whether the bytes are in the working copy only, so that the URL cannot answer with them yet. */
  readonly dirty: boolean;
}

/** The first line of what Git LFS leaves in place of a file. */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/**
 * Finds the code of a webtask: its bytes at a commit, and the URL that answers with them.
 *
 * @throws RUN_NO_FILE, GIT_MISSING, GIT_FAILED, BUILD_NO_CHECKOUT, BUILD_NO_COMMIT, BUILD_ENV_TRACKED,
 *   BUILD_REF_UNKNOWN, BUILD_UNTRACKED, BUILD_MODIFIED, BUILD_LFS, BUILD_NOT_PUSHED, BUILD_NO_REMOTE,
 *   BUILD_REPOSITORY_INVALID
 */
export async function findSource(source: SourceFile, options: SourceOptions): Promise<Source> {
  const { file, label } = source;
  const real = await realpath(file).catch((cause) => fail('RUN_NO_FILE', { file: label }, { cause }));
  if (!(await stat(real)).isFile()) fail('RUN_NO_FILE', { file: label });
  const checkout = await openCheckout(dirname(real));
  if (!checkout) {
    if (options.url === undefined) return fail('BUILD_NO_CHECKOUT', { file: label });
    return pinned(await readFile(real), options.url);
  }
  await refuseTrackedEnv(checkout, await realpath(source.project));

  const path = toGitPath(checkout, real);
  const commit = await chosenCommit(checkout, options.ref);
  if (commit === undefined) {
    const { repository } = await findRepository(checkout, label, options);
    const url = rawUrl(repository, options.ref ?? '', path);
    options.onSkip(`${label} is not pinned. Its token runs whatever ${options.ref} holds when it is called.`);
    return { bytes: await readFile(real), url, sha256: undefined, dirty: false };
  }

  const blob = await readBlob(checkout, commit, path);
  const inLfs = (await isInLfs(checkout, path)) || isLfsPointer(blob);
  // Git has no more than a pointer to it, so the bytes are those of the working copy, where LFS has put them there.
  if (inLfs && (options.url === undefined || isLfsPointer(await readFile(real)))) fail('BUILD_LFS', { file: label });
  const dirty = blob === undefined || (options.ref === undefined && (await isModified(checkout, path)));
  if (dirty && !options.allowDirty) {
    fail(blob === undefined ? 'BUILD_UNTRACKED' : 'BUILD_MODIFIED', { file: label, commit: shortId(commit) });
  }
  const bytes = dirty || inLfs ? await readFile(real) : blob;
  if (options.url !== undefined) return pinned(bytes, options.url);

  const { repository, remote } = await findRepository(checkout, label, options);
  const url = rawUrl(repository, commit, path);
  if (dirty) {
    options.onSkip(
      `${label} differs from commit ${shortId(commit)}. Its token is for your working copy, and is refused until ${url} answers with it.`,
    );
    return { ...pinned(bytes, url), dirty: true };
  }
  await refuseUnpushed(checkout, commit, { label, remote, env: options.env });
  return pinned(bytes, url);
}

/**
 * Refuses a webtask whose secrets git keeps, where it is in a checkout.
 *
 * @throws BUILD_ENV_TRACKED, RUN_NO_FILE
 */
export async function refuseSecretsInGit({ file, label, project }: SourceFile): Promise<void> {
  const real = await realpath(file).catch((cause) => fail('RUN_NO_FILE', { file: label }, { cause }));
  const checkout = await openCheckout(dirname(real));
  if (checkout) await refuseTrackedEnv(checkout, await realpath(project));
}

function isLfsPointer(bytes: Buffer | undefined): boolean {
  return bytes?.toString('latin1', 0, LFS_POINTER.length) === LFS_POINTER;
}

function pinned(bytes: Buffer, url: string): Source {
  return { bytes, url, sha256: sha256Hex(bytes), dirty: false };
}

/** The commit that pins the code; nothing where a branch or tag was asked for, which may move. */
async function chosenCommit(checkout: Checkout, ref: string | undefined): Promise<string | undefined> {
  if (ref === undefined) return checkout.head;
  if (!/^[0-9a-f]{7,64}$/i.test(ref)) return undefined;
  const commit = await findCommit(checkout, ref);
  if (commit?.startsWith(ref.toLowerCase())) return commit;
  // What only looks like a commit's id is the name of a branch, where there is one.
  return commit === undefined ? fail('BUILD_REF_UNKNOWN', { ref }) : undefined;
}

async function refuseTrackedEnv(checkout: Checkout, project: string): Promise<void> {
  const path = [toGitPath(checkout, project), '.env'].filter(Boolean).join('/');
  if (!path.startsWith('../') && (await isTracked(checkout, path))) fail('BUILD_ENV_TRACKED', { file: path });
}

function toGitPath({ root }: Checkout, path: string): string {
  return relative(root, path).split(sep).join('/');
}
