import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A git repository in a temporary folder. */
export interface TestRepository {
  /** Absolute path of the checkout. */
  readonly folder: string;
  /** Runs git in the checkout and gives what it printed. */
  git(...args: string[]): string;
  write(path: string, text: string): void;
  /** Commits all files. Gives the commit's id. */
  commit(): string;
  push(): void;
  remove(): void;
}

/** The URL of the remote, once the commits are in the bare repository that stands for it. */
export const REMOTE_URL = 'git@github.com:acme/tasks.git';

/**
 * Makes a repository with files, one commit, and a remote that has it.
 *
 * The remote is a bare repository; for reading, git is told {@link REMOTE_URL}.
 */
export function createRepository(files: Readonly<Record<string, string>>): TestRepository {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-repository-')));
  const folder = join(root, 'checkout');
  const bare = join(root, 'remote.git');
  runGit(root, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  runGit(root, 'init', '--quiet', '--initial-branch=main', folder);
  const repository: TestRepository = {
    folder,
    git: (...args) => runGit(folder, ...args),
    write(path, text) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
    commit() {
      runGit(folder, 'add', '--all');
      runGit(folder, 'commit', '--quiet', '--message=x');
      return runGit(folder, 'rev-parse', 'HEAD');
    },
    push() {
      runGit(folder, 'remote', 'set-url', 'origin', bare);
      runGit(folder, 'push', '--quiet', 'origin', 'HEAD');
      runGit(folder, 'remote', 'set-url', 'origin', REMOTE_URL);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  runGit(folder, 'config', 'user.name', 'Test');
  runGit(folder, 'config', 'user.email', 'test@example.com');
  runGit(folder, 'remote', 'add', 'origin', bare);
  for (const [path, text] of Object.entries(files)) repository.write(path, text);
  repository.commit();
  repository.push();
  return repository;
}

/** With nothing of the developer's own configuration. */
function runGit(folder: string, ...args: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}
