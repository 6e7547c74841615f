import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findSource, type SourceOptions } from '../../../runtime/build/source.ts';
import { sha256Hex } from '../../../runtime/code/index.ts';
import { refusalOf } from '../../support/refusal.ts';
import { createRepository, type TestRepository } from '../../support/repository.ts';

const CODE = 'module.exports = (cb) => cb(null, 1);\n';
const CHANGED = 'module.exports = (cb) => cb(null, 2);\n';
const DIRTY_FIX = 'pass --allow-dirty to mint a token for your working copy.';
const REPO_FIX = 'Name the repository with --repo OWNER/REPO, or say where the code is with --url.';

describe('the code that a token is minted for', () => {
  let repository: TestRepository;
  let head: string;
  let skipped: string[];
  beforeEach(() => {
    repository = createRepository({ '.gitignore': '.env\n', 'package.json': '{}', 'webtasks/pay.js': CODE });
    head = repository.git('rev-parse', 'HEAD');
    skipped = [];
  });
  afterEach(() => repository.remove());

  function find(options: Partial<SourceOptions> = {}, label = 'webtasks/pay.js') {
    return findSource(
      { file: join(repository.folder, label), label, project: repository.folder },
      { env: {}, onSkip: (sentence) => skipped.push(sentence), ...options },
    );
  }
  const raw = (ref: string, base = 'https://raw.githubusercontent.com/acme/tasks') => `${base}/${ref}/webtasks/pay.js`;

  it('is the file of the commit that is checked out, by its raw URL and hash', async () => {
    expect(await find()).to.deep.equal({
      bytes: Buffer.from(CODE),
      url: raw(head),
      sha256: sha256Hex(CODE),
      dirty: false,
    });
    expect(skipped).to.deep.equal([]);
  });

  it('is what git holds, not what line endings became in the working copy', async () => {
    repository.write('.gitattributes', '*.js text eol=crlf\n');
    repository.commit();
    repository.push();
    repository.git('rm', '--cached', '--quiet', '-r', '.');
    repository.git('reset', '--quiet', '--hard');
    expect((await find()).bytes.toString()).to.equal(CODE);
  });

  it('is found through a symbolic link, which a raw URL would not follow', async function () {
    if (process.platform === 'win32') return this.skip(); // links need a privilege there
    symlinkSync('pay.js', join(repository.folder, 'webtasks/link.js'));
    expect((await find({}, 'webtasks/link.js')).url).to.equal(raw(head));
  });

  it('is in the repository that GitHub Actions names', async () => {
    const env = { GITHUB_SERVER_URL: 'https://git.acme.example', GITHUB_REPOSITORY: 'web/tasks' };
    expect((await find({ env })).url).to.equal(raw(head, 'https://git.acme.example/raw/web/tasks'));
    expect((await find({ env: { GITHUB_REPOSITORY: 'web/tasks' } })).url).to.equal(
      raw(head, 'https://raw.githubusercontent.com/web/tasks'),
    );
  });

  it('is in the repository that --repo names, before anything else', async () => {
    const env = { GITHUB_REPOSITORY: 'web/tasks' };
    expect((await find({ env, repo: 'me/fork' })).url).to.equal(raw(head, 'https://raw.githubusercontent.com/me/fork'));
    expect((await find({ env, repo: 'git@git.acme.example:me/fork.git' })).url).to.equal(
      raw(head, 'https://git.acme.example/raw/me/fork'),
    );
  });

  it('is at another commit where --ref names one, also shortened, whatever the working copy holds', async () => {
    repository.write('webtasks/pay.js', CHANGED);
    repository.commit();
    repository.write('webtasks/pay.js', 'changed again');
    for (const ref of [head, head.slice(0, 8), head.toUpperCase()]) {
      expect(await find({ ref })).to.include({ url: raw(head), sha256: sha256Hex(CODE) });
    }
  });

  it('is not pinned where --ref names a branch or tag: it says so, and carries no hash', async () => {
    repository.git('branch', 'cafe1234');
    for (const ref of ['main', 'v1.0.0', 'feature/a', 'cafe1234']) {
      skipped = [];
      expect(await find({ ref })).to.include({ url: raw(ref), sha256: undefined, dirty: false });
      expect(skipped).to.deep.equal([
        `webtasks/pay.js is not pinned. Its token runs whatever ${ref} holds when it is called.`,
      ]);
    }
  });

  it('is at --url, where no remote and no push are needed', async () => {
    repository.git('remote', 'remove', 'origin');
    expect(await find({ url: 'https://example.com/pay.js' })).to.include({
      url: 'https://example.com/pay.js',
      sha256: sha256Hex(CODE),
    });
  });

  it('is the file itself where there is no checkout and --url says where it is', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-no-checkout-')));
    try {
      const source = { file: join(folder, 'pay.js'), label: 'pay.js', project: folder };
      const options = { env: {}, onSkip: () => {} };
      expect(await refusalOf(findSource(source, options))).to.deep.equal({
        code: 'RUN_NO_FILE',
        message: 'The webtask pay.js cannot be read.',
        fix: 'Check its path.',
      });
      writeFileSync(source.file, CODE);
      expect(await findSource(source, { ...options, url: 'https://example.com/pay.js' })).to.include({
        sha256: sha256Hex(CODE),
      });
      expect(await refusalOf(findSource(source, options))).to.deep.equal({
        code: 'BUILD_NO_CHECKOUT',
        message: 'pay.js is in no git checkout. A token pins the code at a commit.',
        fix: 'Build in a clone of its repository, or say where the code is with --url.',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe('is refused', () => {
    it('with changes that are in no commit, staged or not', async () => {
      repository.write('webtasks/pay.js', CHANGED);
      const expected = {
        code: 'BUILD_MODIFIED',
        message: `webtasks/pay.js has changes that are not in commit ${head.slice(0, 7)}. A token pins the code at a commit.`,
        fix: `Commit them, or ${DIRTY_FIX}`,
      };
      expect(await refusalOf(find())).to.deep.equal(expected);
      repository.git('add', '--all');
      expect(await refusalOf(find())).to.deep.equal(expected);
      expect(await refusalOf(find({ url: 'https://example.com/pay.js' }))).to.deep.equal(expected);
    });

    it('in no commit, new, staged or ignored', async () => {
      const expected = {
        code: 'BUILD_UNTRACKED',
        message: `webtasks/new.js is not in commit ${head.slice(0, 7)}. A token pins the code at a commit.`,
        fix: `Commit it, or ${DIRTY_FIX}`,
      };
      repository.write('webtasks/new.js', CODE);
      expect(await refusalOf(find({}, 'webtasks/new.js'))).to.deep.equal(expected);
      repository.git('add', '--all');
      expect(await refusalOf(find({}, 'webtasks/new.js'))).to.deep.equal(expected);
      repository.git('rm', '--cached', '--quiet', 'webtasks/new.js');
      repository.write('.git/info/exclude', 'new.js\n');
      expect(await refusalOf(find({}, 'webtasks/new.js'))).to.deep.equal(expected);
    });

    it('in Git LFS, by its attribute or because the commit has a pointer only', async () => {
      const expected = {
        code: 'BUILD_LFS',
        message: 'webtasks/pay.js is stored in Git LFS: its raw URL answers with a pointer, not with the code.',
        fix: 'Take it out of LFS in .gitattributes and commit it again, or say where the code is with --url.',
      };
      repository.write('.gitattributes', '*.js filter=lfs\n');
      expect(await refusalOf(find())).to.deep.equal(expected);
      repository.write('.gitattributes', '');
      repository.write('webtasks/pay.js', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
      repository.commit();
      expect(await refusalOf(find())).to.deep.equal(expected);
    });

    it('at a commit that the remote does not have', async () => {
      repository.write('webtasks/pay.js', CHANGED);
      const commit = repository.commit();
      const expected = {
        code: 'BUILD_NOT_PUSHED',
        message: `webtasks/pay.js cannot be fetched by a server: commit ${commit.slice(0, 7)} is on no branch of origin.`,
        fix: 'Run: git push',
      };
      expect(await refusalOf(find())).to.deep.equal(expected);
      expect(await refusalOf(find({ repo: 'me/fork' }))).to.include({
        message: `webtasks/pay.js cannot be fetched by a server: commit ${commit.slice(0, 7)} is on no branch of a remote.`,
      });
      repository.push();
      expect((await find()).url).to.equal(raw(commit));
    });

    it('at a commit that only a second remote has', async () => {
      repository.write('webtasks/pay.js', CHANGED);
      const commit = repository.commit();
      repository.git('update-ref', 'refs/remotes/fork/main', commit);
      expect((await refusalOf(find())).code).to.equal('BUILD_NOT_PUSHED');
    });

    it('at an unknown commit', async () => {
      const ref = '0123456789abcdef0123456789abcdef01234567';
      expect(await refusalOf(find({ ref }))).to.deep.equal({
        code: 'BUILD_REF_UNKNOWN',
        message: `The commit ${ref} is not in this checkout, so the hash of its code is unknown.`,
        fix: 'Run: git fetch',
      });
    });

    it('before the first commit', async () => {
      repository.git('checkout', '--quiet', '--orphan', 'empty');
      expect(await refusalOf(find())).to.deep.equal({
        code: 'BUILD_NO_COMMIT',
        message: `The checkout ${repository.folder} has no commit yet. A token pins the code at a commit.`,
        fix: 'Commit, and push.',
      });
    });

    it('beside an .env that git keeps, whose secrets every reader of the repository has', async () => {
      repository.write('.env', 'STRIPE_KEY=sk_live_1\n');
      expect((await find()).sha256).to.equal(sha256Hex(CODE)); // .gitignore names it
      repository.git('add', '--force', '.env');
      expect(await refusalOf(find({ allowDirty: true, url: 'https://example.com/pay.js' }))).to.deep.equal({
        code: 'BUILD_ENV_TRACKED',
        message: '.env is kept by git, so whoever can read the repository can read its secrets.',
        fix: 'Run git rm --cached .env, add it to .gitignore, commit, and replace the secrets that it holds.',
      });
    });

    it('without a remote, or with several of which none is origin', async () => {
      repository.git('remote', 'remove', 'origin');
      const refused = (found: string) => ({
        code: 'BUILD_NO_REMOTE',
        message: `The URL of webtasks/pay.js is unknown: the checkout has ${found}.`,
        fix: REPO_FIX,
      });
      expect(await refusalOf(find())).to.deep.equal(refused('no remote'));
      repository.git('remote', 'add', 'fork', 'git@github.com:me/fork.git');
      repository.git('update-ref', 'refs/remotes/fork/main', head);
      expect((await find()).url).to.equal(raw(head, 'https://raw.githubusercontent.com/me/fork'));
      repository.git('remote', 'add', 'upstream', 'git@github.com:acme/tasks.git');
      expect(await refusalOf(find())).to.deep.equal(refused('several remotes (fork, upstream), none named origin'));
    });

    it('with a remote that is on no GitHub server, and no password of it is shown', async () => {
      repository.git('remote', 'set-url', 'origin', 'https://jane:secret@git.acme.example/tasks.git');
      expect(await refusalOf(find())).to.deep.equal({
        code: 'BUILD_REPOSITORY_INVALID',
        message:
          'The remote origin names no repository OWNER/REPO on a GitHub server: https://git.acme.example/tasks.git',
        fix: REPO_FIX,
      });
      expect(await refusalOf(find({ repo: 'tasks' }))).to.deep.include({
        message: '--repo names no repository OWNER/REPO on a GitHub server: tasks',
      });
    });
  });

  it('is the working copy with --allow-dirty, which says what that means', async () => {
    repository.write('webtasks/pay.js', CHANGED);
    expect(await find({ allowDirty: true })).to.deep.equal({
      bytes: Buffer.from(CHANGED),
      url: raw(head),
      sha256: sha256Hex(CHANGED),
      dirty: true,
    });
    expect(skipped).to.deep.equal([
      `webtasks/pay.js differs from commit ${head.slice(0, 7)}. Its token is for your working copy, and is refused until ${raw(head)} answers with it.`,
    ]);
  });

  it('is the commit with --allow-dirty where nothing is dirty', async () => {
    expect(await find({ allowDirty: true })).to.include({ sha256: sha256Hex(CODE), dirty: false });
    expect(skipped).to.deep.equal([]);
  });

  it('may be on no branch in GitHub Actions, which checks out what GitHub has', async () => {
    repository.write('webtasks/pay.js', CHANGED);
    const commit = repository.commit();
    const env = { GITHUB_ACTIONS: 'true', GITHUB_REPOSITORY: 'acme/tasks' };
    expect((await find({ env: { ...env, GITHUB_SHA: commit } })).url).to.equal(raw(commit));
    expect((await refusalOf(find({ env: { ...env, GITHUB_SHA: head } }))).code).to.equal('BUILD_NOT_PUSHED');
  });

  it('is looked for in the checkout that it is in, whatever a git hook says of another one', async () => {
    process.env.GIT_DIR = join(repository.folder, 'elsewhere');
    try {
      expect((await find()).url).to.equal(raw(head));
    } finally {
      delete process.env.GIT_DIR;
    }
  });

  it('cannot be found without git', async () => {
    const { PATH } = process.env;
    process.env.PATH = repository.folder;
    try {
      expect(await refusalOf(find())).to.deep.equal({
        code: 'GIT_MISSING',
        message: 'git cannot be started, and says at which commit the code is.',
        fix: 'Install git.',
      });
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('is not guessed where git fails', async () => {
    repository.write('.git/config', '[core');
    const { code, message } = await refusalOf(find());
    expect(code).to.equal('GIT_FAILED');
    expect(message).to.match(/^git rev-parse failed: fatal: bad config line \d in file .git\/config$/); // git's own words
  });
});
