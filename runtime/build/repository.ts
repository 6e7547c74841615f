import { fail } from '../errors.ts';
import { type Checkout, isPushed, listRemotes, shortId } from './git.ts';
import { parseRepository, type Repository } from './raw-url.ts';

/** A repository, and the name of the remote that it was read from. */
export interface FoundRepository {
  readonly repository: Repository;
  /** Absent where the caller or the environment named the repository. */
  readonly remote?: string;
}

const GITHUB = 'https://github.com';

/**
 * Finds the repository that the code is fetched from: as the caller says, as GitHub Actions says, or as the remote
 * says (`origin`, or the only one).
 *
 * @param label - the webtask as messages name it
 * @throws BUILD_NO_REMOTE, BUILD_REPOSITORY_INVALID
 */
export async function findRepository(
  checkout: Checkout,
  label: string,
  { repo, env }: { readonly repo?: string | undefined; readonly env: NodeJS.ProcessEnv },
): Promise<FoundRepository> {
  const named = repo ?? env.GITHUB_REPOSITORY;
  if (named) {
    const url = named.includes(':') ? named : `${env.GITHUB_SERVER_URL || GITHUB}/${named}`;
    return { repository: parse(url, repo === undefined ? 'GITHUB_REPOSITORY' : '--repo', named) };
  }
  const remotes = await listRemotes(checkout);
  const names = [...remotes.keys()];
  const remote = names.length === 1 ? names[0] : names.find((name) => name === 'origin');
  const url = remote && remotes.get(remote);
  if (!url) {
    const found = names.length === 0 ? 'no remote' : `several remotes (${names.join(', ')}), none named origin`;
    return fail('BUILD_NO_REMOTE', { file: label, found });
  }
  return { repository: parse(url, `The remote ${remote}`, url), remote };
}

/**
 * Refuses a commit that no branch of the remote holds, as far as this checkout knows: a server could not fetch it.
 *
 * @throws BUILD_NOT_PUSHED
 */
export async function refuseUnpushed(
  checkout: Checkout,
  commit: string,
  {
    label,
    remote,
    env,
  }: { readonly label: string; readonly remote: string | undefined; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  // GitHub Actions checks out what GitHub has, which for a tag is on no branch.
  if (env.GITHUB_ACTIONS === 'true' && env.GITHUB_SHA === commit) return;
  if (await isPushed(checkout, commit, remote)) return;
  fail('BUILD_NOT_PUSHED', { file: label, commit: shortId(commit), remote: remote ?? 'a remote' });
}

function parse(url: string, source: string, text: string): Repository {
  // A password in the URL of a remote stays out of messages.
  return parseRepository(url) ?? fail('BUILD_REPOSITORY_INVALID', { source, text: text.replace(/\/\/[^/@]*@/, '//') });
}
