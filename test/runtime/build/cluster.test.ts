import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import { checkCluster, issueOnCluster } from '../../../runtime/build/cluster.ts';
import { signToken } from '../../../runtime/token/index.ts';
import { hmacKey, keySet, NOW } from '../../support/keys.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { refusalIn, refusalOf } from '../../support/refusal.ts';

const FIX = 'See that it is running and that --cluster is its URL, and build again.';

describe('a cluster that secrets are sent to', () => {
  for (const url of [
    'https://wt.example.com',
    'https://wt.example.com:8721/base',
    'http://127.0.0.1:8721',
    'http://127.9.9.9',
    'http://localhost:8721',
    'http://[::1]:8721/',
  ]) {
    it(`may be at ${url}`, () => expect(() => checkCluster({ url, token: 't' })).to.not.throw());
  }

  for (const url of [
    'http://10.0.0.1',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://[::2]',
  ]) {
    it(`is not asked without encryption at ${url}`, () => {
      expect(refusalIn(() => checkCluster({ url, token: 't' })).code).to.equal('BUILD_CLUSTER_PLAIN');
    });
  }

  for (const [url, shown] of [
    ['ftp://wt.example.com', 'ftp://wt.example.com'],
    ['https://user:secret@wt.example.com', 'https://wt.example.com'],
    ['https://wt.example.com?key=secret', 'https://wt.example.com'],
    ['wt.example.com', 'wt.example.com'],
  ] as const) {
    it(`is no base of URLs as ${shown}, and what may be a secret is not shown`, () => {
      expect(refusalIn(() => checkCluster({ url, token: 't' }))).to.deep.equal({
        code: 'BUILD_CLUSTER_URL',
        message: `--cluster ${shown} is no base of URLs.`,
        fix: 'Write scheme and host, such as https://wt.example.com.',
      });
    });
  }
});

describe('what a cluster answers', () => {
  const keys = keySet([hmacKey('k')]);
  const claims = { ten: 'shop', url: 'https://example.com/pay.js', jtn: 'pay' };
  let origin: Origin;
  let answer: RequestListener;
  before(async () => {
    origin = await startOrigin((req, res) => answer(req, res));
  });
  after(() => origin.close());

  const issue = () => issueOnCluster({ url: `${origin.origin}/`, token: 'secret' }, claims, 'webtasks/pay.js');
  const failed = (reason: string) => ({
    code: 'BUILD_CLUSTER_FAILED',
    message: `${origin.origin}/ issued no token for webtasks/pay.js: ${reason}.`,
    fix: FIX,
  });

  it('is the token that was asked for, and where it runs', async () => {
    const token = signToken(claims, keys, NOW);
    answer = (_req, res) => res.writeHead(200, { Location: 'https://wt.example.com/api/run/shop/pay' }).end(token);
    const issued = await issue();
    expect(issued.token).to.equal(token);
    expect(issued.webtaskUrl).to.equal('https://wt.example.com/api/run/shop/pay');
    expect(origin.requests.at(-1)?.url).to.equal('/api/tokens/issue');
  });

  for (const [what, other, claim] of [
    ['for another container', { ...claims, ten: 'books' }, 'ten'],
    ['for other code', { ...claims, url: 'https://example.com/other.js' }, 'url'],
    ['without the name', { ten: claims.ten, url: claims.url }, 'jtn'],
  ] as const) {
    it(`is not taken where it is a token ${what}`, async () => {
      answer = (_req, res) => res.end(signToken(other, keys, NOW));
      expect(await refusalOf(issue())).to.deep.equal({
        code: 'BUILD_CLUSTER_ANSWER',
        message: `${origin.origin}/ answered with something else than the token for webtasks/pay.js: claim \`${claim}\` is not what was asked for.`,
        fix: 'See that --cluster is the URL of a webtask server.',
      });
    });
  }

  it('is not taken where it is a page', async () => {
    answer = (_req, res) => res.end('<html>Welcome</html>');
    expect((await refusalOf(issue())).code).to.equal('BUILD_CLUSTER_ANSWER');
  });

  it('leads nowhere else: token and secrets are for that cluster only', async () => {
    answer = (_req, res) => res.writeHead(307, { Location: `${origin.origin}/elsewhere` }).end();
    const before = origin.requests.length;
    expect(await refusalOf(issue())).to.deep.equal(failed('it answered 307'));
    expect(origin.requests.length).to.equal(before + 1);
  });

  it('is told where the cluster fails, in its words', async () => {
    answer = (_req, res) => res.writeHead(502).end(JSON.stringify({ code: 502, message: 'revocation check failed' }));
    expect(await refusalOf(issue())).to.deep.equal(failed('it answered 502: revocation check failed'));
    answer = (_req, res) => res.writeHead(503).end();
    expect(await refusalOf(issue())).to.deep.equal(failed('it answered 503: no reason is given'));
    answer = (req) => req.socket.destroy();
    expect(await refusalOf(issue())).to.deep.equal(failed('other side closed'));
  });

  it('is told by its beginning where it is no JSON', async () => {
    answer = (_req, res) => res.writeHead(404).end('x'.repeat(10_000));
    expect((await refusalOf(issue())).message).to.equal(
      `${origin.origin}/ issued no token for webtasks/pay.js: ${'x'.repeat(500)} (404).`,
    );
  });
});
