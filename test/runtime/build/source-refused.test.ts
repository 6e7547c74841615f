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
        fix: 'Take it out of LFS in .gitattributes and commit it again; or fetch it with git lfs pull, and say where the code is with --url.',
      };
      repository.write('.gitattributes', '*.js filter=lfs\n');
      expect(await refusalOf(find())).to.deep.equal(expected);
      repository.write('.gitattributes', '');
      repository.write('webtasks/pay.js', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
      repository.commit();
      expect(await refusalOf(find())).to.deep.equal(expected);
      expect(await refusalOf(find({ url: 'https://example.com/pay.js' }))).to.deep.equal(expected);
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
});
