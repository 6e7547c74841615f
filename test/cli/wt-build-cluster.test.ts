import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { BuiltToken } from '../../runtime/build/index.ts';
import { sha256Hex } from '../../runtime/code/index.ts';
import { openSeal, verifyToken } from '../../runtime/token/index.ts';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { startOrigin } from '../support/origin.ts';
import { runProgram } from '../support/program.ts';
import { createRepository, type TestRepository } from '../support/repository.ts';

const PAY = 'module.exports = (context, cb) => cb(null, { key: context.secrets.STRIPE_KEY, a: context.query.a });\n';
const HELLO = 'module.exports = (cb) => cb(null, "hello");\n';
const SECRET = 'sk_live_0123456789';

describe('wt-build --cluster', function () {
  this.timeout(60_000);
  let repository: TestRepository;
  let cluster: TestCluster;
  let head: string;
  /** Where nothing listens any more. */
  let gone: string;
  before(async () => {
    const closed = await startOrigin(() => undefined);
    await closed.close();
    gone = closed.origin;
    repository = createRepository({
      '.gitignore': '.env\n.webtask/\n',
      'package.json': JSON.stringify({ webtasks: { hello: { secrets: [] } } }),
      'webtasks/hello.js': HELLO,
      'webtasks/pay.js': PAY,
    });
    repository.write('.env', `STRIPE_KEY=${SECRET}\n`);
    head = repository.git('rev-parse', 'HEAD');
    cluster = await startCluster(repository);
  });
  after(async () => {
    await cluster.close();
    repository.remove();
  });

  const dataFolder = () => join(repository.folder, '.webtask');
  const readTokens = () => JSON.parse(readFileSync(join(dataFolder(), 'tokens.json'), 'utf8')) as BuiltToken[];
  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    rmSync(dataFolder(), { recursive: true, force: true });
    const at = { cwd: repository.folder, env: { HOME: join(repository.folder, '..'), ...env } };
    const result = await runProgram('wt-build', args, at);
    expect(result.stdout + result.stderr).to.not.include(SECRET);
    return result;
  }
  const asking = (token = cluster.sign()) => ['--cluster', cluster.url, '--token', token, '--repo', cluster.repo];
  const rawUrl = (file: string) => `${cluster.repo.replace('/acme', '/raw/acme')}/${head}/${file}`;

  it('has the cluster issue a token for each webtask, for the container of the token that asks, with no keys here', async () => {
    const parent = cluster.sign();
    const { status, stdout, stderr } = await run(asking(parent));
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(existsSync(join(dataFolder(), 'keys'))).to.equal(false);
    const [hello, pay] = readTokens();
    const claims = verifyToken(pay?.token ?? '', cluster.keys, Date.now() / 1000);
    expect(claims).to.deep.include({
      ten: 'shop',
      url: rawUrl('webtasks/pay.js'),
      url_sha256: sha256Hex(PAY),
      pb: 2,
      mb: 1,
      dd: 0,
      ca: [verifyToken(parent, cluster.keys, Date.now() / 1000).jti],
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).to.be.within(30 * 86_400 - 60, 30 * 86_400);
    expect(await openSeal(claims.ectx ?? '', claims, cluster.keys)).to.deep.equal({ STRIPE_KEY: SECRET });
    expect(stdout.split('\n').slice(-3)).to.deep.equal([
      `The tokens are in ${join('.webtask', 'tokens.json')}. To call the first:`,
      `curl -H "Authorization: Bearer ${hello?.token}" ${cluster.url}/api/run/shop`,
      '',
    ]);
    const answer = await fetch(`${pay?.webtaskUrl}&a=1`);
    expect([answer.status, await answer.json()]).to.deep.equal([200, { key: SECRET, a: '1' }]);
  });

  it('stores each under the name of its file with --named, at a URL that stays: it has no end of its own', async () => {
    const { status, stdout } = await run([...asking(), '--named', '--json']);
    expect(status).to.equal(0);
    const built = JSON.parse(stdout) as BuiltToken[];
    expect(built).to.deep.equal(readTokens());
    expect(built.map(({ name, webtaskUrl, expires }) => [name, webtaskUrl, expires])).to.deep.equal([
      ['hello', `${cluster.url}/api/run/shop/hello`, null],
      ['pay', `${cluster.url}/api/run/shop/pay`, null],
    ]);
    expect(await (await fetch(`${cluster.url}/api/run/shop/pay`)).json()).to.deep.equal({ key: SECRET });

    const named = await run([...asking(), '--name', 'till', '--expires', '1h', 'webtasks/pay.js']);
    const [till] = readTokens();
    expect(verifyToken(till?.token ?? '', cluster.keys, Date.now() / 1000)).to.include({ jtn: 'till' });
    expect(Date.parse(till?.expires ?? '') - Date.now()).to.be.within(3_500_000, 3_600_000);
    expect(named.stdout.split('\n').at(-2)).to.equal(`curl ${cluster.url}/api/run/shop/till`);
  });

  it('takes URL and token from the environment, and ends no later than the token that asks', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const env = { WEBTASK_CLUSTER: cluster.url, WEBTASK_CLUSTER_TOKEN: cluster.sign({ exp }) };
    const { status, stdout } = await run(['--repo', cluster.repo, '--format', 'urls', 'webtasks/hello.js'], env);
    expect(status).to.equal(0);
    const [hello] = readTokens();
    expect(hello?.expires).to.equal(new Date(exp * 1000).toISOString());
    expect(stdout).to.equal(`${cluster.url}/api/run/shop?key=${hello?.token}\n`);
  });

  it('is asked with the master key too, for any container', async () => {
    const { status } = await run([...asking(cluster.masterKey), '--container', 'books', 'webtasks/hello.js']);
    expect(status).to.equal(0);
    expect(verifyToken(readTokens()[0]?.token ?? '', cluster.keys, Date.now() / 1000)).to.include({ ten: 'books' });
  });

  it('sends secrets sealed to --recipient, so that nothing between here and the cluster reads them', async () => {
    const bodies: string[] = [];
    // Stands between; it passes on what it is sent, and looks at it.
    const between = await startOrigin(async (req: IncomingMessage, res) => {
      const body = await text(req);
      bodies.push(body);
      const { authorization = '' } = req.headers;
      const headers = { authorization, 'content-type': 'application/json' };
      const answer = await fetch(cluster.url + req.url, { method: 'POST', headers, body });
      res.writeHead(answer.status).end(await answer.text());
    });
    try {
      const certificate = join(repository.folder, '..', 'cluster.crt');
      writeFileSync(certificate, cluster.keys.certificate?.pem ?? '');
      const args = ['--cluster', between.origin, '--token', cluster.sign(), '--repo', cluster.repo];
      const { status, stderr } = await run([...args, '--recipient', certificate, 'webtasks/pay.js']);
      expect([status, stderr]).to.deep.equal([0, '']);
      expect(bodies).to.have.length(1);
      expect(bodies[0]).to.not.include(SECRET);
      const { ectx } = JSON.parse(bodies[0] ?? '') as { ectx: string };
      const [pay] = readTokens();
      const claims = verifyToken(pay?.token ?? '', cluster.keys, Date.now() / 1000);
      expect(await openSeal(claims.ectx ?? '', claims, cluster.keys)).to.deep.equal({ STRIPE_KEY: SECRET });
      expect(claims.ectx, 'sealed again by the cluster').to.not.equal(ectx);
    } finally {
      await between.close();
    }
  });

  const hint =
    'Ask for what the token of --token allows; or give one that allows it, which the cluster mints with: webtask token mint --container NAME --delegation-depth 1';
  for (const [what, status, args, message] of [
    [
      'another container than the token is for',
      2,
      () => [...asking(), '--container', 'books'],
      () =>
        `${cluster.url} issued no token for webtasks/hello.js: claim \`ten\` cannot go beyond that of the authentication webtask token, which is \`shop\` (400). ${hint} [BUILD_CLUSTER_REFUSED]`,
    ],
    [
      'a token that may issue none',
      2,
      () => asking(cluster.sign({ dd: 0 })),
      () =>
        `${cluster.url} issued no token for webtasks/hello.js: The authentication webtask token cannot be used to issue new webtask tokens. (400). ${hint} [BUILD_CLUSTER_REFUSED]`,
    ],
    [
      'a cluster that does not run',
      1,
      () => ['--cluster', gone, '--token', cluster.sign(), '--repo', cluster.repo],
      () =>
        `${gone} issued no token for webtasks/hello.js: connect ECONNREFUSED ${gone.slice('http://'.length)}. See that it is running and that --cluster is its URL, and build again. [BUILD_CLUSTER_FAILED]`,
    ],
    [
      'http to another machine, where token and secrets could be read on the way',
      2,
      () => ['--cluster', 'http://wt.example.com', '--token', 'x', '--repo', cluster.repo],
      () =>
        '--cluster http://wt.example.com is refused: the token and the secrets would be sent unencrypted. Use https. Only a cluster on this machine (127.0.0.1, localhost) is asked over http. [BUILD_CLUSTER_PLAIN]',
    ],
    [
      'a cluster that is no URL',
      2,
      () => ['--cluster', 'wt.example.com', '--token', 'x'],
      () =>
        '--cluster wt.example.com is no base of URLs. Write scheme and host, such as https://wt.example.com. [BUILD_CLUSTER_URL]',
    ],
    [
      '--cluster without --token',
      2,
      () => ['--cluster', 'https://wt.example.com'],
      () =>
        '--cluster is given without --token. A cluster issues tokens with both: wt-build --cluster https://wt.example.com --token TOKEN. [BUILD_CLUSTER_TOKEN]',
    ],
    [
      'a recipient that is no certificate',
      2,
      () => [...asking(), '--recipient', 'webtasks/hello.js'],
      () => 'Secrets cannot be sealed to the certificate: it is no X.509 certificate. [CERTIFICATE_UNUSABLE]',
    ],
  ] as const) {
    it(`ends with ${status} and the way out for ${what}, and writes no tokens`, async () => {
      const result = await run(args());
      expect(result.stderr).to.equal(`wt-build: ${message()}\n`);
      expect([result.status, result.stdout]).to.deep.equal([status, '']);
      expect(existsSync(join(dataFolder(), 'tokens.json'))).to.equal(false);
    });
  }

  it('says which tokens were issued before one was refused', async () => {
    const { status, stderr } = await run([...asking(cluster.sign({ jtnm: ['hello'] })), '--named']);
    expect(status).to.equal(2);
    expect(stderr).to.equal(
      `wt-build: Before that, ${cluster.url} issued tokens for hello. No file holds them.\nwt-build: ${cluster.url} issued no token for webtasks/pay.js: claim \`jtn\` cannot go beyond that of the authentication webtask token, which is \`hello\` (400). ${hint} [BUILD_CLUSTER_REFUSED]\n`,
    );
  });
});
