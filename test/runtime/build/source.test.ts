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

  it('is the working copy of a file in Git LFS, where --url says what answers with it', async () => {
    repository.write('.gitattributes', '*.js filter=lfs\n');
    const url = 'https://example.com/pay.js';
    expect(await find({ url })).to.deep.equal({ bytes: Buffer.from(CODE), url, sha256: sha256Hex(CODE), dirty: false });
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
