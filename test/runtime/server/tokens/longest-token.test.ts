import { expect } from 'chai';
import { MAX_TOKEN_LENGTH } from '../../../../runtime/token/index.ts';
import { ask, startTestServer, type TestServer } from '../../../support/server.ts';

for (const isolation of ['inline', 'process'] as const) {
  describe(`the longest token that is issued (${isolation})`, () => {
    let server: TestServer;
    before(async () => {
      server = await startTestServer(5_000, { isolation });
    });
    after(() => server.close());

    it('runs at the URL that the server gives, and is inspected as the original clients do, in the query', async () => {
      const headers = {
        Authorization: `Bearer ${server.sign({ dd: 1, jti: 'parent' })}`,
        'Content-Type': 'application/json',
      };
      const issue = (size: number) => {
        const claims = { code: 'return (ctx, cb) => cb(null, ctx.params.A.length)', pctx: { A: 'a'.repeat(size) } };
        return ask(`${server.url}/api/tokens/issue`, { method: 'POST', headers, body: JSON.stringify(claims) });
      };
      const [, length] = /would have (\d+) characters/.exec((await issue(12_000)).body) ?? [];
      const size = 12_000 - Math.ceil(((Number(length) - MAX_TOKEN_LENGTH) * 3) / 4);
      const { headers: issued, body: token } = await issue(size);
      expect(token.length).to.be.within(MAX_TOKEN_LENGTH - 2, MAX_TOKEN_LENGTH);

      expect((await ask(String(issued.location))).body).to.equal(String(size));
      expect(
        (await ask(`${server.url}/api/run/test`, { headers: { Authorization: `Bearer ${token}` } })).status,
      ).to.equal(200);
      const inspected = await ask(`${server.url}/api/tokens/inspect?token=${token}&decrypt=1&fetch_code=1&meta=1`, {
        headers,
      });
      expect(inspected.status).to.equal(200);
    });
  });
}
