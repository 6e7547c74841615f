import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { BuiltToken } from '../../runtime/build/index.ts';
import { parseToken } from '../../runtime/token/index.ts';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { runProgram } from '../support/program.ts';
import { createRepository, type TestRepository } from '../support/repository.ts';

const SECRET = 'sk_live_0123456789';
const FILES = {
  '.gitignore': '.env\n.webtask/\n',
  'package.json': JSON.stringify({
    devDependencies: { semver: '^7.0.0' },
    webtasks: { typed: { secrets: [] }, thrower: { secrets: [] }, alone: { secrets: [] } },
  }),
  'package-lock.json': JSON.stringify({
    lockfileVersion: 3,
    packages: { 'node_modules/semver': { version: '7.8.6' } },
  }),
  // Reads its own text, returns at top level, and has what only the platform gives.
  'webtasks/pay.js': [
    "'use latest'",
    "const price = require('../lib/price');",
    "const currency = require('../lib/currency.json').code;",
    'const template = function () {/* <b>kept</b> */};',
    'const given = typeof module.webtask;',
    'return (context, cb) => cb(null, {',
    '  price: price(2), currency, given, key: context.secrets.STRIPE_KEY,',
    '  text: template.toString(), own: price.toString.call(template) === template.toString(),',
    '});',
    '',
  ].join('\n'),
  'lib/price.js': "const { round } = require('./round');\nmodule.exports = (n) => round(n * 1.19);\n",
  'lib/round.ts': 'export const round = (n: number): number => Math.round(n * 100) / 100;\n',
  'lib/currency.json': '{ "code": "EUR" }',
  'webtasks/typed.ts': [
    "import { valid } from '../lib/valid.ts';",
    'interface Context { query: { version: string } }',
    'export default (context: Context, cb: (error: null, value: unknown) => void) => cb(null, valid(context.query.version));',
    '',
  ].join('\n'),
  'lib/valid.ts':
    "import semver from 'semver';\nexport const valid = (text: string): string | null => semver.valid(text);\n",
  'webtasks/thrower.js': [
    "const fail = require('../lib/thrower');",
    'module.exports = (cb) => {',
    '  try {',
    '    fail();',
    '  } catch (error) {',
    '    cb(null, error.stack);',
    '  }',
    '};',
    '',
  ].join('\n'),
  'lib/thrower.ts': [
    'interface Reason {',
    '  text: string;',
    '}',
    "const reason: Reason = { text: 'on purpose' };",
    'export = function fail(): never {',
    '  throw new Error(reason.text);',
    '};',
    '',
  ].join('\n'),
  'webtasks/alone.js': 'module.exports = (cb) => cb(null, "alone");\n',
};

describe('wt-build --bundle', function () {
  this.timeout(60_000);
  let repository: TestRepository;
  let cluster: TestCluster;
  before(async () => {
    repository = createRepository(FILES);
    repository.write('.env', `STRIPE_KEY=${SECRET}\n`);
    cluster = await startCluster(repository);
  });
  after(async () => {
    await cluster.close();
    repository.remove();
  });

  const asking = () => ['--cluster', cluster.url, '--token', cluster.sign(), '--bundle'];
  async function run(args: readonly string[], cwd = repository.folder) {
    const result = await runProgram('wt-build', args, { cwd, env: { HOME: join(repository.folder, '..') } });
    expect(result.stdout + result.stderr).to.not.include(SECRET);
    return result;
  }
  async function upload(file: string, ...more: string[]): Promise<BuiltToken> {
    const { status, stdout, stderr } = await run([...asking(), '--named', '--json', file, ...more]);
    expect([status, stderr]).to.deep.equal([0, '']);
    return (JSON.parse(stdout) as [BuiltToken])[0];
  }
  async function codeOf(name: string): Promise<string> {
    const answer = await fetch(`${cluster.url}/api/webtask/shop/${name}?fetch_code=1`, {
      headers: { Authorization: `Bearer ${cluster.sign()}` },
    });
    return ((await answer.json()) as { code: string }).code;
  }

  it('uploads a webtask and the files beside it as one, that runs as it would on its own', async () => {
    const built = await upload('webtasks/pay.js');
    expect(built).to.include({
      name: 'pay',
      url: 'webtask://localhost/api/data/code/shop%2Fpay',
      webtaskUrl: `${cluster.url}/api/run/shop/pay`,
    });
    const answer = await fetch(`${cluster.url}/api/run/shop/pay`);
    expect([answer.status, await answer.json()]).to.deep.equal([
      200,
      {
        price: 2.38,
        currency: 'EUR',
        given: 'object',
        key: SECRET,
        text: 'function () {/* <b>kept</b> */}',
        own: true,
      },
    ]);
  });

  it('leaves the text of the webtask as it is: its directives first, one statement behind them, no line moved', async () => {
    await upload('webtasks/pay.js');
    const source = FILES['webtasks/pay.js'].split('\n');
    const [first, ...lines] = (await codeOf('pay')).split('\n');
    expect(first).to.equal("'use latest';var require = webtaskBundle(require); ");
    expect(lines.slice(0, source.length - 1)).to.deep.equal(source.slice(1));
  });

  it('keeps packages outside, in the versions of the lock file, whichever file requires them', async () => {
    await upload('webtasks/typed.ts');
    const code = await codeOf('typed');
    expect(code).to.include('require("semver")').and.to.not.include('SemVer');
    const answer = await fetch(`${cluster.url}/api/webtask/shop/typed`, {
      headers: { Authorization: `Bearer ${cluster.sign()}` },
    });
    const { meta } = (await answer.json()) as { meta: Record<string, string> };
    expect(meta).to.deep.equal({ 'wt-node-dependencies': '{"semver":"7.8.6"}' });
    expect(await (await fetch(`${cluster.url}/api/run/shop/typed?version=v1.2.3`)).json()).to.equal('1.2.3');
  });

  it('has stack traces name the author’s files and lines', async () => {
    await upload('webtasks/thrower.js');
    const stack = await (await fetch(`${cluster.url}/api/run/shop/thrower`)).text();
    expect(stack).to.match(/Error: on purpose\\n {4}at .*lib\/thrower\.ts:6:9\)?\\n/);
    expect(stack).to.match(/webtasks\/thrower\.js:4:/);
  });

  it('gives the same bytes for the same files, wherever they are', async () => {
    const codes = new Map<string, string[]>();
    for (const [folder, from] of [
      ['clone-a', '.'],
      ['clone-b/deeper', 'webtasks'],
    ] as const) {
      const clone = join(repository.folder, '..', folder);
      mkdirSync(clone, { recursive: true });
      execFileSync('git', ['clone', '--quiet', join(repository.folder, '..', 'remote.git'), clone]);
      writeFileSync(join(clone, '.env'), `STRIPE_KEY=${SECRET}\n`);
      expect((await run([...asking(), '--named'], join(clone, from))).status).to.equal(0);
      for (const name of ['pay', 'typed', 'thrower']) codes.set(name, [...(codes.get(name) ?? []), await codeOf(name)]);
      rmSync(clone, { recursive: true });
    }
    for (const [name, [first = '', second]] of codes) {
      expect(first, name).to.equal(second);
      expect(first, name).to.not.include(repository.folder);
    }
  });

  it('uploads without a name too, for a token that is good for these bytes only', async () => {
    const { status, stdout } = await run([...asking(), '--json', 'webtasks/alone.js']);
    expect(status).to.equal(0);
    const [built] = JSON.parse(stdout) as [BuiltToken];
    expect(built.pinned).to.equal(true);
    expect(parseToken(built.token).claims.url).to.match(
      /^webtask:\/\/localhost\/api\/data\/code\/sha256:[0-9a-f]{64}$/,
    );
    expect(await (await fetch(built.webtaskUrl ?? '')).text()).to.equal('"alone"');
  });

  it('seals secrets for the bundle with --recipient', async () => {
    const certificate = join(repository.folder, '..', 'cluster.crt');
    writeFileSync(certificate, cluster.keys.certificate?.pem ?? '');
    await upload('webtasks/pay.js', '--recipient', certificate);
    const { key } = (await (await fetch(`${cluster.url}/api/run/shop/pay`)).json()) as { key: string };
    expect(key).to.equal(SECRET);
  });

  describe('refuses, with the reason,', () => {
    for (const [what, code, message] of [
      [
        'a webtask that reads its own file, which is none on a server',
        "require('../lib/round');\nmodule.exports = (cb) => require('fs').readFile(__filename, 'utf8', cb);\n",
        'webtasks/refused.js reads its own file, and a bundle on a server is no such file and has none of these. Put the text into a string, or into a module that exports it. [BUILD_BUNDLE_OWN_TEXT]',
      ],
      [
        'a file beside it that asks for its own path',
        "module.exports = require('../lib/path');\n",
        'lib/path.js asks for its own path, and a bundle on a server is no such file and has none of these. Put the text into a string, or into a module that exports it. [BUILD_BUNDLE_OWN_TEXT]',
      ],
      [
        'a file beside it that reads its comments, which esbuild leaves out',
        "module.exports = require('../lib/heredoc');\n",
        'lib/heredoc.js reads the comments of its functions, and a bundle on a server is no such file and has none of these. Put the text into a string, or into a module that exports it. [BUILD_BUNDLE_OWN_TEXT]',
      ],
      [
        'import() of a file beside it',
        "module.exports = (cb) => import('../lib/round.ts').then(() => cb());\n",
        "webtasks/refused.js has import('../lib/round.ts'), which Node would look for as a file, and a server has none. Use require('../lib/round.ts'), or import it at the top. [BUILD_BUNDLE_IMPORT]",
      ],
      [
        'a file that is not there',
        "module.exports = require('../lib/none');\n",
        'webtasks/refused.js cannot be made one text: Could not resolve "../lib/none". [BUILD_BUNDLE_FAILED]',
      ],
      [
        'a package that is not declared, wherever it is required',
        "module.exports = require('../lib/undeclared');\n",
        "lib/undeclared.js:1 requires 'left-pad', which package.json does not declare. Run npm install --save-dev left-pad, or name the version in the code: left-pad@1.2.3. [BUILD_UNDECLARED]",
      ],
    ] as const) {
      it(what, async () => {
        repository.write('lib/path.js', 'module.exports = () => __dirname;\n');
        repository.write('lib/heredoc.js', 'module.exports = (function () {/* text */}).toString();\n');
        repository.write('lib/undeclared.js', "module.exports = require('left-pad');\n");
        repository.write('webtasks/refused.js', code);
        try {
          const { status, stdout, stderr } = await run([...asking(), 'webtasks/refused.js']);
          expect(stderr).to.equal(`wt-build: ${message}\n`);
          expect([status, stdout]).to.deep.equal([3, '']);
        } finally {
          rmSync(join(repository.folder, 'webtasks/refused.js'));
        }
      });
    }

    it('more bytes than the server takes', async () => {
      repository.write('webtasks/large.js', `module.exports = ${JSON.stringify('x'.repeat(5 * 1024 * 1024))};\n`);
      const { status, stderr } = await run([...asking(), 'webtasks/large.js']);
      const bytes = readFileSync(join(repository.folder, 'webtasks/large.js')).length;
      rmSync(join(repository.folder, 'webtasks/large.js'));
      expect(stderr).to.equal(
        `wt-build: webtasks/large.js has ${bytes} bytes as one text, which is more than ${cluster.url} takes. Leave something out, or move it into a package; a server takes 5 MB unless webtask serve --max-code says otherwise. [BUILD_BUNDLE_TOO_LARGE]\n`,
      );
      expect(status).to.equal(3);
    });

    it('secrets that git keeps, as for a webtask of one file', async () => {
      repository.git('add', '--force', '.env');
      try {
        const { status, stderr } = await run([...asking(), 'webtasks/alone.js']);
        expect([status, stderr]).to.deep.equal([
          3,
          'wt-build: .env is kept by git, so whoever can read the repository can read its secrets. Run git rm --cached .env, add it to .gitignore, commit, and replace the secrets that it holds. [BUILD_ENV_TRACKED]\n',
        ]);
      } finally {
        repository.git('rm', '--quiet', '--cached', '.env');
      }
    });

    it('to bundle without a cluster, since no URL has the code', async () => {
      const { status, stderr } = await run(['--bundle', 'webtasks/pay.js']);
      expect([status, stderr]).to.deep.equal([
        2,
        'wt-build: --bundle needs --cluster: the code is made of several files, so no URL of the repository answers with it, and it has to be uploaded. Name the server with --cluster and --token, or keep each webtask in one file. [BUILD_BUNDLE_ALONE]\n',
      ]);
    });
  });
});
