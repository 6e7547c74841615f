import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { BuiltToken } from '../../runtime/build/index.ts';
import { loadKeySet, openSeal, parseToken, verifyToken } from '../../runtime/token/index.ts';
import { makeCertificate } from '../support/certificate.ts';
import { giveKeys } from '../support/given-keys.ts';
import { runProgram, startProgram, waitForLine } from '../support/program.ts';
import { refusalOf } from '../support/refusal.ts';
import { createRepository, type TestRepository } from '../support/repository.ts';

const PAY =
  'module.exports = (context, cb) => cb(null, { key: context.secrets.STRIPE_KEY.length, a: context.query.a });\n';
const HELLO = 'module.exports = (cb) => cb(null, "hello");\n';
const SECRET = 'sk_live_0123456789';
const OFFLINE = 'wt-build: It was not asked whether the URLs answer with this code.\n';

describe('wt-build', function () {
  this.timeout(60_000);
  let repository: TestRepository;
  let head: string;
  before(async () => {
    repository = createRepository({
      '.gitignore': '.env\n.webtask/\n',
      'package.json': JSON.stringify({ webtasks: { hello: { secrets: [] } } }),
      'webtasks/hello.js': HELLO,
      'webtasks/pay-in.js': PAY,
    });
    repository.write('.env', `STRIPE_KEY=${SECRET}\n`);
    head = repository.git('rev-parse', 'HEAD');
    await giveKeys(join(repository.folder, '.webtask'));
  });
  after(() => repository.remove());
  const tokensFile = () => join(repository.folder, '.webtask', 'tokens.json');
  const readTokens = (file = tokensFile()) => JSON.parse(readFileSync(file, 'utf8')) as BuiltToken[];

  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const result = await runProgram('wt-build', args, {
      cwd: repository.folder,
      env: { HOME: join(repository.folder, '..'), ...env },
    });
    expect(result.stdout + result.stderr).to.not.include(SECRET);
    return result;
  }

  it('mints a token for each webtask, and ends with a curl that can be pasted', async () => {
    const { status, stdout, stderr } = await run(['--offline']);
    const [hello, pay] = readTokens();
    const url = `https://raw.githubusercontent.com/acme/tasks/${head}/webtasks`;
    const expires = hello?.expires?.slice(0, 10);
    expect(stdout.replace(hello?.token ?? '', 'TOKEN')).to.equal(
      [
        `name    url${' '.repeat(url.length + 10 - 3)}  secrets     expires     size`,
        `hello   ${url}/hello.js   -           ${expires}  ${hello?.size}`,
        `pay-in  ${url}/pay-in.js  STRIPE_KEY  ${expires}  ${pay?.size}`,
        `The tokens are in ${join('.webtask', 'tokens.json')}. With webtask serve running:`,
        'curl -H "Authorization: Bearer TOKEN" http://127.0.0.1:8721/api/run/default',
        '',
      ].join('\n'),
    );
    expect(stderr).to.equal(OFFLINE);
    expect(status).to.equal(0);
  });

  it('keeps the tokens in a file that only its owner can read', async function () {
    await run(['--offline']);
    expect(readTokens().map(({ name }) => name)).to.deep.equal(['hello', 'pay-in']);
    if (process.platform === 'win32') return this.skip(); // there are no modes
    expect(statSync(tokensFile()).mode & 0o777).to.equal(0o600);
    expect(statSync(join(repository.folder, '.webtask')).mode & 0o777).to.equal(0o700);
  });

  it('mints what the keys of the same folder verify and open', async () => {
    await run(['--offline', 'webtasks/pay-in.js', '--expires', '1h', '--name', 'pay', '--ten', 'shop']);
    const [built] = readTokens();
    const keys = await loadKeySet({ dataFolder: join(repository.folder, '.webtask'), env: {} });
    const claims = verifyToken(built?.token ?? '', keys, Date.now() / 1000);
    expect(claims).to.include({ ten: 'shop', jtn: 'pay', dd: 0 });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).to.equal(3600);
    expect(await openSeal(claims.ectx ?? '', claims, keys)).to.deep.equal({ STRIPE_KEY: SECRET });
  });

  it('seals to --recipient with the keys that sign here, so that who mints cannot read', async () => {
    const { pem, privateKey, fingerprint } = makeCertificate();
    const file = join(repository.folder, '..', 'cluster.crt');
    writeFileSync(file, pem);
    const { status, stderr } = await run(['--offline', 'webtasks/pay-in.js', '--recipient', file]);
    expect([status, stderr]).to.deep.equal([0, OFFLINE]);
    const own = await loadKeySet({ dataFolder: join(repository.folder, '.webtask'), env: {} });
    const claims = verifyToken(readTokens()[0]?.token ?? '', own, Date.now() / 1000);
    const ectx = claims.ectx ?? '';
    expect((await refusalOf(openSeal(ectx, claims, own))).code).to.equal('TOKEN_SEAL_UNREADABLE');
    const cluster = { ...own, certificate: { pem, privateKey, fingerprint } };
    expect(await openSeal(ectx, claims, cluster)).to.deep.equal({ STRIPE_KEY: SECRET });
  });

  it('takes the container from --container, then from the environment', async () => {
    const container = async (args: string[]) => {
      await run(['--offline', 'webtasks/hello.js', ...args], { WEBTASK_CONTAINER: 'from-env' });
      return parseToken(readTokens()[0]?.token ?? '').claims.ten;
    };
    expect(await container([])).to.equal('from-env');
    expect(await container(['--container', 'from-flag'])).to.equal('from-flag');
  });

  it('prints tokens as JSON, as variables and as URLs, and nothing beside them', async () => {
    const json = await run(['--offline', '--format', 'json']);
    expect(JSON.parse(json.stdout)).to.deep.equal(readTokens());

    const env = await run(['--offline', '--format', 'env']);
    const [hello, pay] = readTokens();
    expect(env.stdout).to.equal(`WEBTASK_TOKEN_HELLO=${hello?.token}\nWEBTASK_TOKEN_PAY_IN=${pay?.token}\n`);

    const server = ['--server', 'https://tasks.example.com/', '--container', 'shop'];
    const urls = await run(['--offline', '--format', 'urls', '--out', '.webtask/other.json', ...server]);
    expect(urls.stdout).to.equal(
      readTokens(join(repository.folder, '.webtask', 'other.json'))
        .map(({ token }) => `https://tasks.example.com/api/run/shop?key=${token}\n`)
        .join(''),
    );
  });

  it('has GitHub Actions mask each token, on stderr so that stdout can go into a file', async () => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_REPOSITORY: 'acme/tasks', GITHUB_SERVER_URL: 'https://github.com' };
    const { stdout, stderr } = await run(['--offline', '--format', 'env'], env);
    const [hello, pay] = readTokens();
    expect(stderr).to.equal(`${OFFLINE}::add-mask::${hello?.token}\n::add-mask::${pay?.token}\n`);
    expect(stdout).to.match(/^WEBTASK_TOKEN_HELLO=/);
  });

  it('says of a branch that its code is not pinned', async () => {
    const { stdout, stderr } = await run(['--offline', 'webtasks/hello.js', '--ref', 'main']);
    expect(stderr).to.equal(
      `wt-build: webtasks/hello.js is not pinned. Its token runs whatever main holds when it is called.\n${OFFLINE}`,
    );
    expect(stdout.split('\n')[1]).to.include('/acme/tasks/main/webtasks/hello.js (unpinned)  -  ');
  });

  it('ends with 3 and the way out where a webtask is refused, and leaves the tokens of the last build', async () => {
    await run(['--offline']);
    const before = readFileSync(tokensFile(), 'utf8');
    repository.write('webtasks/pay-in.js', `${PAY}// changed\n`);
    try {
      const { status, stdout, stderr } = await run(['--offline']);
      expect(stderr).to.equal(
        `wt-build: webtasks/pay-in.js has changes that are not in commit ${head.slice(0, 7)}. A token pins the code at a commit. Commit them, or pass --allow-dirty to mint a token for your working copy. [BUILD_MODIFIED]\n`,
      );
      expect([status, stdout]).to.deep.equal([3, '']);
      expect(readFileSync(tokensFile(), 'utf8')).to.equal(before);

      const dirty = await run(['--offline', '--allow-dirty']);
      expect(dirty.status).to.equal(0);
      expect(dirty.stderr).to.match(/^wt-build: webtasks\/pay-in\.js differs from commit /m);
    } finally {
      repository.write('webtasks/pay-in.js', PAY);
    }
  });

  for (const [what, args, message] of [
    [
      'a duration that is none',
      ['--expires', 'soon'],
      '"soon" is no duration. Write a whole number and s, m, h or d, such as 30d. [DURATION_INVALID]',
    ],
    [
      'a file that is not there',
      ['webtasks/none.js'],
      'The webtask webtasks/none.js cannot be read. Check its path. [RUN_NO_FILE]',
    ],
    [
      '--url beside --ref',
      ['--url', 'https://example.com/a.js', '--ref', 'main'],
      "option '--url <url>' cannot be used with option '--ref <ref>'. Run wt-build --help. [WRONG_USE]",
    ],
    [
      'one name for several webtasks',
      ['--name', 'pay'],
      '--name is for one webtask, and 2 would be built. Name one file. [BUILD_ONE_FILE]',
    ],
  ] as const) {
    it(`ends with 2 for ${what}`, async () => {
      const { status, stdout, stderr } = await run(args);
      expect(stderr).to.equal(`wt-build: ${message}\n`);
      expect([status, stdout]).to.deep.equal([2, '']);
    });
  }

  it('ends with 2 where there are no webtasks', async () => {
    const cwd = join(repository.folder, '..');
    const { status, stderr } = await runProgram('wt-build', [], { cwd });
    expect(stderr).to.equal(
      `wt-build: There are no webtasks in ${join(cwd, 'webtasks')}. Write one with: webtask new hello [DEV_NO_WEBTASKS]\n`,
    );
    expect(status).to.equal(2);
  });

  it('documents its exit codes', async () => {
    const { status, stdout } = await run(['--help']);
    expect(stdout).to.include(
      'Exit codes: 0 done, 1 the platform failed, 2 wrong use, 3 refused because of the webtask.\n',
    );
    expect(status).to.equal(0);
  });

  describe('and webtask serve, in a fresh clone with nothing configured', () => {
    let raw: Server;
    let origin: string;
    let clone: string;
    before((done) => {
      clone = join(repository.folder, '..', 'clone');
      execFileSync('git', ['clone', '--quiet', join(repository.folder, '..', 'remote.git'), clone]);
      // Stands for the GitHub server of the clone.
      raw = createServer((req, res) => {
        const [, commit, path] = /^\/raw\/acme\/tasks\/([0-9a-f]{40})\/(.+)$/.exec(req.url ?? '') ?? [];
        res.end(execFileSync('git', ['cat-file', 'blob', `${commit}:${path}`], { cwd: clone }));
      }).listen(0, '127.0.0.1', () => {
        origin = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`; // it listens on a port
        done();
      });
    });
    after((done) => {
      rmSync(clone, { recursive: true, force: true });
      raw.close(done);
    });

    it('agree: what was minted runs, with its secrets', async () => {
      const at = { cwd: clone, env: { HOME: join(clone, '..') } };
      const args = ['webtasks/pay-in.js', '--repo', `${origin}/acme/tasks`];
      writeFileSync(join(clone, '.env'), `STRIPE_KEY=${SECRET}\n`);
      const built = await runProgram('wt-build', args, at);
      expect(built.stderr).to.equal('');
      expect(built.status).to.equal(0);

      const server = startProgram('webtask', ['serve', '--port', '0', '--allow-origin', origin], at);
      try {
        const [, url] = await waitForLine(server, /listening on (\S+)/);
        const [token] = readTokens(join(clone, '.webtask', 'tokens.json'));
        const response = await fetch(`${url}/api/run/default?a=1`, {
          headers: { Authorization: `Bearer ${token?.token}` },
        });
        expect([response.status, await response.text()]).to.deep.equal([200, `{"key":${SECRET.length},"a":"1"}`]);
      } finally {
        server.kill();
        await once(server, 'close');
      }
    });
  });
});
