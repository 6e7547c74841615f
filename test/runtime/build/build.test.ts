import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BuildOptions, buildTokens } from '../../../runtime/build/index.ts';
import { sha256Hex } from '../../../runtime/code/index.ts';
import { type KeySet, loadKeySet, openSeal, verifyToken } from '../../../runtime/token/index.ts';
import { refusalOf } from '../../support/refusal.ts';
import { createRepository, type TestRepository } from '../../support/repository.ts';

const NOW = Date.UTC(2026, 0, 1);
const PAY = "const _ = require('lodash');\nmodule.exports = (context, cb) => cb(null, _.noop());\n";
const HELLO = 'export default (cb: (e: null, text: string) => void) => cb(null, "hello");\n';
const OFFLINE = 'It was not asked whether the URLs answer with this code.';

describe('a build', () => {
  let repository: TestRepository;
  let keys: KeySet;
  let head: string;
  let skipped: string[];
  before(async () => {
    repository = createRepository({
      '.gitignore': '.env\n.webtask/\n',
      'package.json': JSON.stringify({
        devDependencies: { lodash: '^4.0.0' },
        webtasks: {
          pay: { secrets: ['STRIPE_KEY'], params: { currency: 'EUR' }, parseBody: true, mergeBody: false },
          bad: { params: { WEBTASK_X: 1 } },
        },
      }),
      'package-lock.json': JSON.stringify({
        lockfileVersion: 3,
        packages: { 'node_modules/lodash': { version: '4.17.21' } },
      }),
      'webtasks/pay.js': PAY,
      'webtasks/hello.ts': HELLO,
      'webtasks/bad.js': PAY,
      'other/pay.js': PAY,
    });
    repository.write('.env', 'STRIPE_KEY=sk_live_1\nOTHER=2\nWEBTASK_PORT=1\n');
    head = repository.git('rev-parse', 'HEAD');
    keys = await loadKeySet({ dataFolder: join(repository.folder, '.webtask'), env: {}, now: NOW });
  });
  beforeEach(() => {
    skipped = [];
  });
  after(() => repository.remove());

  function build(options: Partial<BuildOptions> = {}, files = ['webtasks/pay.js']) {
    return buildTokens({
      files: files.map((file) => join(repository.folder, file)),
      folder: repository.folder,
      container: 'shop',
      expiresIn: 3600,
      offline: true,
      keys,
      env: {},
      now: NOW,
      onSkip: (sentence) => skipped.push(sentence),
      ...options,
    });
  }
  async function buildOne(options: Partial<BuildOptions> = {}, file = 'webtasks/pay.js') {
    const [built] = await build(options, [file]);
    if (!built) throw new Error('nothing was built');
    const claims = verifyToken(built.token, keys, NOW / 1000);
    return { built, claims };
  }
  const url = (file: string) => `https://raw.githubusercontent.com/acme/tasks/${head}/${file}`;

  it('mints a token for the URL, hash, settings and versions of a webtask', async () => {
    const { built, claims } = await buildOne();
    const { jti, ectx, ...others } = claims;
    expect(jti).to.match(/^[0-9a-f]{32}$/);
    expect(others).to.deep.equal({
      iat: NOW / 1000,
      ten: 'shop',
      url: url('webtasks/pay.js'),
      url_sha256: sha256Hex(PAY),
      pctx: { currency: 'EUR' },
      pb: 1,
      mb: 0,
      meta: { 'wt-node-dependencies': '{"lodash":"4.17.21"}' },
      dd: 0,
      exp: NOW / 1000 + 3600,
    });
    expect(await openSeal(ectx ?? '', claims, keys)).to.deep.equal({ STRIPE_KEY: 'sk_live_1' });
    const { token, ...facts } = built;
    expect(facts).to.deep.equal({
      name: 'pay',
      file: 'webtasks/pay.js',
      url: url('webtasks/pay.js'),
      pinned: true,
      secretNames: ['STRIPE_KEY'],
      expires: '2026-01-01T01:00:00.000Z',
      size: token.length,
    });
  });

  it('leaves out what a webtask does not have', async () => {
    repository.write('.env', '');
    try {
      const { claims } = await buildOne({}, 'webtasks/hello.ts');
      expect(claims).to.have.all.keys('jti', 'iat', 'ten', 'url', 'url_sha256', 'pb', 'mb', 'dd', 'exp');
      expect(claims).to.include({ pb: 2, mb: 1, dd: 0 });
    } finally {
      repository.write('.env', 'STRIPE_KEY=sk_live_1\nOTHER=2\nWEBTASK_PORT=1\n');
    }
  });

  it('takes all names of .env where package.json names none, and never a setting of ours', async () => {
    const { built, claims } = await buildOne({ env: { OTHER: 'from the environment' } }, 'webtasks/hello.ts');
    expect(built.secretNames).to.deep.equal(['STRIPE_KEY', 'OTHER']);
    expect(await openSeal(claims.ectx ?? '', claims, keys)).to.deep.equal({
      STRIPE_KEY: 'sk_live_1',
      OTHER: 'from the environment',
    });
  });

  it('refuses a parameter with a reserved name', async () => {
    expect(await refusalOf(build({ env: { STRIPE_KEY: 'x' } }, ['webtasks/bad.js']))).to.deep.equal({
      code: 'SECRET_RESERVED',
      message: 'The name WEBTASK_X is reserved: what begins with WEBTASK_ never becomes a secret.',
      fix: 'Give the secret another name.',
    });
  });

  it('carries no hash for a branch, and its seal is for the URL of the branch', async () => {
    const { built, claims } = await buildOne({ ref: 'main' });
    expect(built.pinned).to.equal(false);
    expect(claims).to.not.have.property('url_sha256');
    expect(claims.url).to.equal('https://raw.githubusercontent.com/acme/tasks/main/webtasks/pay.js');
    expect(await openSeal(claims.ectx ?? '', claims, keys)).to.deep.equal({ STRIPE_KEY: 'sk_live_1' });
    expect(
      (await refusalOf(openSeal(claims.ectx ?? '', { ...claims, url: 'https://example.com' }, keys))).code,
    ).to.equal('TOKEN_SEAL_MISMATCH');
  });

  it('stores the one webtask under a name that was asked for', async () => {
    const { built, claims } = await buildOne({ name: 'checkout' });
    expect([built.name, claims.jtn]).to.deep.equal(['checkout', 'checkout']);
  });

  for (const [option, options] of [
    ['--name', { name: 'checkout' }],
    ['--url', { url: 'https://example.com/pay.js' }],
  ] as const) {
    it(`refuses ${option} for more than one webtask`, async () => {
      expect(await refusalOf(build(options, ['webtasks/pay.js', 'webtasks/hello.ts']))).to.deep.equal({
        code: 'BUILD_ONE_FILE',
        message: `${option} is for one webtask, and 2 would be built.`,
        fix: 'Name one file.',
      });
    });
  }

  it('refuses two webtasks of one name, since one token would hide the other', async () => {
    expect(await refusalOf(build({}, ['webtasks/pay.js', 'other/pay.js']))).to.deep.equal({
      code: 'BUILD_NAME_TWICE',
      message: 'Both webtasks/pay.js and other/pay.js would be the webtask pay.',
      fix: 'Rename one of them, or build them one by one.',
    });
  });

  for (const [what, options, error] of [
    [
      'a name that no URL could have',
      { name: 'check out' },
      {
        code: 'BUILD_NAME_INVALID',
        message: '"check out" cannot be the name of a webtask.',
        fix: 'Use letters, digits and - . _ ~ ! $ + = : @ only; rename the file, or give another --name.',
      },
    ],
    [
      'a container that no URL could name',
      { container: 'my shop' },
      {
        code: 'TOKEN_CLAIM_TYPE',
        message: 'claim `ten` must be of type `container name, comma list or regular expression`',
        fix: undefined,
      },
    ],
    [
      'a URL with a password, which every reader of the token would have',
      { url: 'https://me:secret@example.com/pay.js' },
      {
        code: 'CODE_URL_INVALID',
        message:
          'The code of the webtask cannot be fetched from https://example.com/pay.js: it carries a user name or password.',
        fix: 'Give a URL such as https://example.com/pay.js.',
      },
    ],
    [
      'a folder in place of a file',
      {},
      { code: 'RUN_NO_FILE', message: 'The webtask webtasks cannot be read.', fix: 'Check its path.' },
    ],
  ] as const) {
    it(`refuses ${what}, and says nothing of what it skipped`, async () => {
      const files = what.startsWith('a folder') ? ['webtasks'] : ['webtasks/pay.js'];
      expect(await refusalOf(build(options, files))).to.deep.equal(error);
      expect(skipped).to.deep.equal([]);
    });
  }

  it('says once that it asked no URL', async () => {
    await build({}, ['webtasks/pay.js', 'webtasks/hello.ts']);
    expect(skipped).to.deep.equal([OFFLINE]);
  });

  describe('that may ask the URL', () => {
    let server: Server;
    let origin: string;
    let asked: string[];
    let answer: { status: number; body: string };
    before((done) => {
      server = createServer((req, res) => {
        asked.push(`${req.method} ${req.url}`);
        res.writeHead(answer.status).end(answer.body);
      }).listen(0, '127.0.0.1', done);
    });
    beforeEach(() => {
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
      asked = [];
      answer = { status: 200, body: PAY };
    });
    after((done) => {
      server.close(done);
    });

    it('asks once, and mints where the bytes are the same', async () => {
      const { claims } = await buildOne({ offline: false, url: `${origin}/raw/pay.js` });
      expect(claims).to.include({ url: `${origin}/raw/pay.js`, url_sha256: sha256Hex(PAY) });
      expect(asked).to.deep.equal(['GET /raw/pay.js']);
      expect(skipped).to.deep.equal([]);
    });

    it('refuses other bytes', async () => {
      answer.body = 'other';
      expect(await refusalOf(build({ offline: false, url: `${origin}/pay.js` }))).to.deep.equal({
        code: 'BUILD_BYTES_DIFFER',
        message: `No token was minted for webtasks/pay.js: ${origin}/pay.js answers with other code, whose SHA-256 is ${sha256Hex('other')} and not ${sha256Hex(PAY)}.`,
        fix: 'Correct --repo, --ref or --url; --offline mints without comparing.',
      });
    });

    it('refuses what cannot be fetched, as from a private repository', async () => {
      answer.status = 404;
      expect(await refusalOf(build({ offline: false, url: `${origin}/pay.js` }))).to.deep.equal({
        code: 'BUILD_UNFETCHABLE',
        message: `No token was minted for webtasks/pay.js: The code of the webtask cannot be fetched from ${origin}/pay.js: the answer was 404.`,
        fix: 'A server fetches the code from there without credentials. If it is elsewhere, say where with --url, such as https://raw.HOST/… on a GitHub Enterprise Server with subdomain isolation. Of a private repository, --cluster with --bundle uploads the code; --offline mints without asking.',
      });
    });

    it('asks a branch too, and takes whatever it answers', async () => {
      answer.body = 'other';
      const { built } = await buildOne({ offline: false, ref: 'main', repo: `${origin}/acme/tasks` });
      expect(built.pinned).to.equal(false);
      expect(asked).to.deep.equal(['GET /raw/acme/tasks/main/webtasks/pay.js']);
    });

    it('asks nothing for a working copy, which no commit can answer with, unless its URL was given', async () => {
      const changed = `${PAY}// changed\n`;
      repository.write('webtasks/pay.js', changed);
      try {
        const { claims } = await buildOne({ offline: false, allowDirty: true, repo: `${origin}/acme/tasks` });
        expect(claims.url_sha256).to.equal(sha256Hex(changed));
        expect(asked).to.deep.equal([]);
        const refused = await refusalOf(build({ offline: false, allowDirty: true, url: `${origin}/pay.js` }));
        expect(refused.code).to.equal('BUILD_BYTES_DIFFER');
        answer.body = changed;
        await build({ offline: false, allowDirty: true, url: `${origin}/pay.js` });
      } finally {
        repository.write('webtasks/pay.js', PAY);
      }
    });

    it('asks nothing for a webtask that is refused for itself', async () => {
      expect((await refusalOf(build({ offline: false, url: `${origin}/x` }, ['webtasks/none.js']))).code).to.equal(
        'RUN_NO_FILE',
      );
      expect(asked).to.deep.equal([]);
    });
  });
});
