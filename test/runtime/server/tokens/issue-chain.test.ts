import { expect } from 'chai';
import { sha256Hex } from '../../../../runtime/code/index.ts';
import { openSeal, parseToken } from '../../../../runtime/token/index.ts';
import { apiError, ask, proxyError, run, startTestServer, type TestServer } from '../../../support/server.ts';

const CODE = 'return (ctx, cb) => cb(null, ctx.secrets.KEY || 1)';

describe('tokens that are issued from tokens', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const post = (path: string, parent: string, body: object) =>
    ask(`${server.url}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${parent}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  async function issue(parent: string, claims: object): Promise<string> {
    const { status, body } = await post('/api/tokens/issue', parent, claims);
    expect(status, body).to.equal(200);
    return body;
  }
  const claimsOf = (token: string) => parseToken(token).claims;

  it('name all that they descend from, oldest first, and may be continued one generation less each time', async () => {
    const line = [server.sign({ dd: 3 })];
    for (let generation = 0; generation < 3; generation++) line.push(await issue(line.at(-1) ?? '', {}));
    const ids = line.map((token) => claimsOf(token).jti);
    expect(line.map((token) => claimsOf(token).dd)).to.deep.equal([3, 2, 1, 0]);
    expect(claimsOf(line[3] ?? '').ca).to.deep.equal(ids.slice(0, 3));
    expect(apiError(await post('/api/tokens/issue', line[3] ?? '', {}))).to.deep.equal(
      proxyError(400, 'The authentication webtask token cannot be used to issue new webtask tokens.'),
    );
  });

  it('end with any that they descend from, and with no other', async () => {
    const eldest = server.sign({ dd: 3 });
    const [left, right] = [await issue(eldest, {}), await issue(eldest, {})];
    const grandchild = await issue(left, { dd: 0 });
    const ran = async (token: string) => (await run(server, token, { method: 'POST', body: CODE })).status;
    expect(await ran(grandchild)).to.equal(200);
    expect((await post(`/api/tokens/revoke?token=${left}`, eldest, {})).status).to.equal(200);
    expect([await ran(left), await ran(grandchild)]).to.deep.equal([403, 403]);
    expect([await ran(eldest), await ran(right)]).to.deep.equal([200, 200]);
  });

  it('hand url_sha256 on with url, frozen: no descendant runs other bytes', async () => {
    server.files['pay.js'] = CODE;
    const where = { url: server.urlOf('pay.js'), url_sha256: sha256Hex(CODE) };
    const parent = await issue(server.sign({ dd: 3 }), { ...where, dd: 2 });
    const child = await issue(parent, {});
    expect(claimsOf(child)).to.include(where);
    expect((await run(server, child)).status).to.equal(200);
    for (const url_sha256 of [sha256Hex('other'), 'a'.repeat(64)]) {
      expect(apiError(await post('/api/tokens/issue', parent, { url_sha256 }))).to.deep.equal(
        proxyError(400, 'claim `url_sha256` cannot be set: the authentication webtask token has its own `url`'),
      );
    }
    server.files['other.js'] = CODE;
    const pinned = { url: server.urlOf('other.js'), url_sha256: sha256Hex('what it was') };
    const token = await issue(server.sign({ dd: 1 }), pinned);
    expect((await run(server, token)).status).to.equal(403);
  });

  it('have their secrets sealed again for their own containers, whenever they inherit them', async () => {
    server.files['pay.js'] = CODE;
    const url = server.urlOf('pay.js');
    const parent = await issue(server.sign({ ten: 'test,books', dd: 3 }), { url, ectx: { KEY: 'v' } });
    const children = [await issue(parent, { ten: 'test' }), await issue(parent, { ten: 'test' })];
    const seals = [parent, ...children].map((token) => claimsOf(token).ectx ?? '');
    expect(new Set(seals).size).to.equal(3);
    for (const child of children) {
      const claims = claimsOf(child);
      expect(await openSeal(claims.ectx ?? '', claims, server.keys)).to.deep.equal({ KEY: 'v' });
      expect((await run(server, child)).body).to.equal('"v"');
      // That of the parent is for more containers, and opens nowhere else.
      const copied = server.sign({ ...claims, ectx: seals[0] ?? '' });
      expect((await run(server, copied)).status).to.equal(403);
    }
  });
});
