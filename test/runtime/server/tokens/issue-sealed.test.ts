import { expect } from 'chai';
import { openSeal, parseToken, sealedForRequest, sealSecrets } from '../../../../runtime/token/index.ts';
import { startCluster, type TestCluster } from '../../../support/cluster.ts';
import { createRepository, type TestRepository } from '../../../support/repository.ts';

const CODE_URL = 'https://code.example.com/pay.js';
const CODE = 'module.exports = (context, cb) => cb(null, context.secrets.KEY);';

describe('secrets that come sealed to the cluster’s certificate', function () {
  this.timeout(20_000);
  let repository: TestRepository;
  let cluster: TestCluster;
  before(async () => {
    repository = createRepository({ 'a.js': '' });
    cluster = await startCluster(repository);
  });
  after(async () => {
    await cluster.close();
    repository.remove();
  });

  const seal = (request: Parameters<typeof sealedForRequest>[0], issuer: string | undefined) =>
    sealSecrets({ KEY: 'v' }, sealedForRequest(request, issuer), cluster.keys);
  async function issue(parent: string, claims: object): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${cluster.url}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${parent}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(claims),
    });
    return { status: answer.status, text: await answer.text() };
  }
  const refused = (reason: string) => [400, `claim \`ectx\` cannot be used: the secrets were sealed ${reason}`];
  async function refusal(parent: string, claims: object) {
    const { status, text } = await issue(parent, claims);
    return [status, (JSON.parse(text) as { message: string }).message];
  }

  it('are opened and sealed again for the token, where they were sealed for its request', async () => {
    const parent = cluster.sign();
    const where = { ten: 'shop', url: CODE_URL };
    const ectx = await seal(where, parseToken(parent).claims.jti);
    const { status, text } = await issue(parent, { ...where, ectx });
    expect(status).to.equal(200);
    const { claims } = parseToken(text);
    expect(claims.ectx).to.not.equal(ectx);
    expect(await openSeal(claims.ectx ?? '', claims, cluster.keys)).to.deep.equal({ KEY: 'v' });
  });

  it('are for code that is sent by its hash, and for the master key as for a token', async () => {
    const ectx = await seal({ ten: 'shop', code: CODE }, undefined);
    const { status, text } = await issue(cluster.masterKey, { ten: 'shop', jtn: 'pay', code: CODE, ectx });
    expect([status, text.split('.').length]).to.deep.equal([200, 3]);
    expect(await (await fetch(`${cluster.url}/api/run/shop/pay`)).text()).to.equal('"v"');
    const other = await refusal(cluster.masterKey, { ten: 'shop', jtn: 'pay', code: `${CODE} `, ectx });
    expect(other).to.deep.equal(refused('for another request'));
  });

  it('are refused with other code, another container or another token than they were sealed for', async () => {
    const parent = cluster.sign({ ten: 'shop,books' });
    const where = { ten: 'shop', url: CODE_URL };
    const ectx = await seal(where, parseToken(parent).claims.jti);
    for (const [asks, claims] of [
      [parent, { ...where, url: `${CODE_URL}?2` }],
      [parent, { ...where, url_sha256: 'a'.repeat(64) }],
      [parent, { ...where, ten: 'books' }],
      [cluster.sign(), where],
      [cluster.masterKey, where],
    ] as const) {
      expect(await refusal(asks, { ...claims, ectx }), JSON.stringify(claims)).to.deep.equal(
        refused('for another request'),
      );
    }
  });

  it('are refused where they are those of a token, which who has seen it could put beside a compiler of their own', async () => {
    const where = { ten: 'shop', url: CODE_URL };
    const built = await sealSecrets({ KEY: 'v' }, where, cluster.keys);
    expect(await refusal(cluster.sign(), { ...where, ectx: built })).to.deep.equal(refused('for another request'));
    const { text } = await issue(cluster.sign(), { ...where, ectx: { KEY: 'v' } });
    const { ectx } = parseToken(text).claims; // sealed by the cluster itself, with its symmetric key
    expect(await refusal(cluster.sign(), { ...where, ectx })).to.deep.equal([
      400,
      'claim `ectx` must be of type `object of texts`',
    ]);
  });

  it('are refused where no key of the cluster opens them', async () => {
    const ectx = (await seal({ ten: 'shop' }, undefined)).replace(/.{4}$/, 'AAAA');
    expect(await refusal(cluster.masterKey, { ten: 'shop', ectx })).to.deep.equal(
      refused('for another cluster, or are damaged'),
    );
  });
});
