import { expect } from 'chai';
import { useServer } from './server.ts';

const HELLO = 'module.exports = cb => cb(null, "hello")';
const NONE = { ls: 0, lm: 0, lh: 0, ld: 0, lw: 0, lo: 0 };
const NONE_OF_TOKEN = { lts: 0, ltm: 0, lth: 0, ltd: 0, ltw: 0, lto: 0 };

describe('rate limits', () => {
  const server = useServer();

  const runWith = (token: string) =>
    fetch(`${server.url}/api/run/dev`, { headers: { Authorization: `Bearer ${token}` } });
  const idOf = (token: string): string =>
    (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti;
  const remaining = async (path: string, headers?: Record<string, string>) =>
    (await server.call('GET', `/api/limits/${path}`, headers && { headers })).json();

  /** Asks twice at once, again where a second began in between; the answer that is let through comes first. */
  async function withinOneSecond(ask: () => Promise<Response>): Promise<[Response, Response]> {
    for (;;) {
      const second = Math.floor(Date.now() / 1000);
      const [one, other] = await Promise.all([ask(), ask()]);
      const areBothIn = Math.floor(Date.now() / 1000) === second && one.status === 200 && other.status === 200;
      if (areBothIn || one.status !== other.status) return one.status <= other.status ? [one, other] : [other, one];
    }
  }

  describe('of a token or a container', () => {
    it('85. lts:1 refuses a second run within the second with 429 and Retry-After; sibling tokens share the limits of their container', async function () {
      this.timeout(60_000);
      const token = await server.create(undefined, HELLO, { lts: 1 });
      const [first, second] = await withinOneSecond(() => runWith(token));
      expect(await first.json()).to.equal('hello');
      expect(second.status).to.equal(429);
      expect(second.headers.get('Retry-After')).to.equal('1');
      expect(second.headers.get('x-wt-response-source')).to.equal('proxy');
      expect(second.headers.get('Content-Type')).to.equal('application/json');
      const { req_id: _, ...error } = (await second.json()) as Record<string, unknown>;
      expect(error).to.deep.equal({ code: 429, message: 'the rate limit `lts` of the token is used up: 1 per second' });

      const siblings = [
        await server.create(undefined, HELLO, { ls: 1 }),
        await server.create(undefined, HELLO, { ls: 1 }),
      ];
      const [one, other] = await withinOneSecond(() => runWith(siblings.reverse()[0] ?? ''));
      expect([one.status, other.status]).to.deep.equal([200, 429]);
    });

    it('count the runs of a named webtask, which need no credential', async () => {
      await server.create('e-limited', HELLO, { ltd: 1 });
      expect((await server.run('e-limited')).status).to.equal(200);
      const refused = await server.run('e-limited');
      expect(refused.status).to.equal(429);
      expect(Number(refused.headers.get('Retry-After'))).to.be.within(1, 86_400);
    });

    it('of a container are inherited by the tokens that are issued, which cannot change them', async () => {
      const parent = await server.create(undefined, undefined, { lw: 500, dd: 1 });
      const issue = (json: object) =>
        server.call('POST', '/api/tokens/issue', { json, headers: { Authorization: `Bearer ${parent}` } });
      const child = await (await issue({ code: HELLO })).text();
      expect((await runWith(child)).status).to.equal(200);
      expect(await remaining('container/dev'))
        .to.have.property('lw')
        .within(1, 499);
      expect((await issue({ code: HELLO, lw: 501 })).status).to.equal(400);
    });
  });

  describe('of which some is left', () => {
    it('are told by GET /api/limits/container and /api/limits/token, 0 where nothing is counted', async () => {
      const token = await server.create(undefined, HELLO, { ltm: 50, ltd: 20 });
      expect(await remaining(`token/${idOf(token)}`)).to.deep.equal(NONE_OF_TOKEN);
      await runWith(token);
      const left = (await remaining(`token/${idOf(token)}`)) as Record<string, number>;
      expect(left).to.deep.equal({ ...NONE_OF_TOKEN, ltm: left.ltm, ltd: 19 });
      expect(await remaining('container/dev')).to.have.all.keys(NONE);
    });

    it('are told to who manages the container, and to nobody else', async () => {
      const other = await server.call('GET', '/api/limits/container/other');
      expect(other.status).to.equal(403);
      const token = await server.create(undefined, HELLO, { ltd: 20 });
      for (const path of ['container/dev', `token/${idOf(token)}`]) {
        const answer = await server.call('GET', `/api/limits/${path}`, {
          headers: { Authorization: `Bearer ${token}` },
        });
        expect(answer.status).to.equal(403);
      }
    });

    it('begin anew by DELETE with the master key, and with no other', async function () {
      const token = await server.create(undefined, HELLO, { ltd: 1 });
      const path = `/api/limits/token/${idOf(token)}`;
      await runWith(token);
      expect((await runWith(token)).status).to.equal(429);
      for (const it of [path, '/api/limits/container/dev']) {
        expect((await server.call('DELETE', it)).status).to.equal(403);
      }
      if (server.masterKey === undefined) return this.skip();
      const headers = { Authorization: `Bearer ${server.masterKey}` };
      expect((await server.call('DELETE', path, { headers })).status).to.equal(204);
      expect((await runWith(token)).status).to.equal(200);
      expect((await server.call('DELETE', '/api/limits/container/dev', { headers })).status).to.equal(204);
      expect(await remaining('container/dev')).to.deep.equal(NONE);
    });
  });
});
