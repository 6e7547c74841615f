import { expect } from 'chai';
import { ask, type Question, startTestServer, type TestServer } from '../../../support/server.ts';

const ORIGIN = 'https://app.test';
const EXPOSED = 'x-auth0-proxy-stats, x-auth0-stats, x-wt-response-source, location';

/** What a page may do with an answer. */
const MAY_READ = { 'access-control-allow-origin': ORIGIN, 'access-control-expose-headers': EXPOSED };

describe('pages of other origins', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  /** Asks under an origin. Gives the status, and the headers that are about origins. */
  const askFrom = async (path: string, { headers, ...question }: Question = {}) => {
    const answer = await ask(server.url + path, { ...question, headers: { Origin: ORIGIN, ...headers } });
    const cors = Object.entries(answer.headers).filter(([name]) => /^access-control-/.test(name));
    return { ...answer, cors: Object.fromEntries(cors) };
  };
  const preflight = (path: string, headers: Record<string, string> = {}) =>
    askFrom(path, { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST', ...headers } });
  const keyOf = async (file: string, code: string): Promise<string> =>
    `/api/run/test?key=${await server.mint(file, code)}`;

  describe('may read what a webtask answers', () => {
    it('by callback, without credentials that the browser adds', async () => {
      const answer = await askFrom(await keyOf('callback.js', 'return cb => cb(null, 1)'));
      expect(answer.status).to.equal(200);
      expect(answer.cors).to.deep.equal(MAY_READ);
      expect(answer.headers.vary).to.equal('Origin');
    });

    it('as an error of the webtask or of the platform, so that their code sees the reason', async () => {
      const failing = await askFrom(await keyOf('fails.js', 'return cb => cb(new Error("no"))'));
      expect([failing.status, failing.cors]).to.deep.equal([400, MAY_READ]);
      const refused = await askFrom('/api/run/test');
      expect([refused.status, refused.cors, refused.headers.vary]).to.deep.equal([403, MAY_READ, 'Origin']);
    });

    it('and a cache is told, also where no page asked', async () => {
      const answer = await ask(server.url + (await keyOf('callback.js', 'return cb => cb(null, 1)')));
      expect(answer.headers).to.include({ vary: 'Origin' }).and.not.have.property('access-control-allow-origin');
    });

    it('as the webtask says, where it says anything of it', async () => {
      const code = `return (ctx, req, res) => {
        res.setHeader('Access-Control-Allow-Origin', 'https://only.test');
        res.setHeader('Vary', 'Accept');
        res.end();
      }`;
      const answer = await askFrom(await keyOf('own.js', code));
      expect(answer.cors).to.deep.equal({ 'access-control-allow-origin': 'https://only.test' });
      expect(answer.headers.vary).to.equal('Origin, Accept');
    });
  });

  describe('ask before they send', () => {
    const MAY_SEND = {
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'POST',
      'access-control-max-age': '600',
    };

    it('code with its token, as webtaskify.js does, although the question itself brings none', async () => {
      const answer = await preflight('/api/run/test', {
        'Access-Control-Request-Headers': 'authorization,content-type',
      });
      expect([answer.status, answer.body]).to.deep.equal([200, '']);
      expect(answer.cors).to.deep.equal({ ...MAY_SEND, 'access-control-allow-headers': 'authorization,content-type' });
      expect(answer.headers['x-wt-response-source']).to.equal('proxy');
      const ran = await askFrom('/api/run/test', {
        method: 'POST',
        headers: { Authorization: `Bearer ${server.sign()}` },
        body: 'return function (cb) { cb(null, "ran"); }',
      });
      expect([ran.body, ran.cors]).to.deep.equal(['"ran"', MAY_READ]);
    });

    it('without naming a header', async () => {
      const answer = await preflight('/api/run/test');
      expect([answer.status, answer.cors]).to.deep.equal([200, MAY_SEND]);
    });

    it('with headers that are none, which are not said back', async () => {
      const answer = await preflight('/api/run/test', { 'Access-Control-Request-Headers': 'a b, "c' });
      expect([answer.status, answer.cors]).to.deep.equal([200, MAY_SEND]);
    });

    for (const path of ['/api/run/test/missing', '/api/run/test?key=nonsense']) {
      it(`and are told why only when they send: ${path}`, async () => {
        expect((await preflight(path)).cors).to.deep.equal(MAY_SEND);
        const answer = await askFrom(path, { method: 'POST' });
        expect(answer.status).to.be.oneOf([403, 404]);
        expect(answer.cors).to.deep.equal(MAY_READ);
      });
    }

    it('a webtask by callback, which does not run for it', async () => {
      const path = await keyOf('runs.js', 'return (ctx, cb) => { console.log("ran"); cb() }');
      expect((await preflight(path)).cors).to.deep.equal(MAY_SEND);
      expect(server.lines.splice(0)).to.deep.equal([]);
    });

    it('a webtask that writes its response, which answers where it says anything of origins', async () => {
      const code = `return (ctx, req, res) => {
        if (req.method !== 'OPTIONS') return res.end('ran');
        res.writeHead(204, { 'Access-Control-Allow-Origin': 'https://only.test', 'Access-Control-Allow-Credentials': 'true' });
        res.end();
      }`;
      const answer = await preflight(await keyOf('answers.js', code));
      expect(answer.status).to.equal(204);
      expect(answer.cors).to.deep.equal({
        'access-control-allow-origin': 'https://only.test',
        'access-control-allow-credentials': 'true',
      });
      expect(answer.headers['x-wt-response-source']).to.equal('webtask');
    });

    it('a webtask that answers every verb alike, and is answered for', async () => {
      for (const code of [
        'res.end("hello")',
        'res.writeHead(405).end()',
        'setTimeout(() => { throw new Error("no") })',
      ]) {
        const path = await keyOf('alike.js', `return (ctx, req, res) => { ${code} }`);
        const answer = await preflight(path);
        expect([answer.status, answer.body, answer.cors], code).to.deep.equal([200, '', MAY_SEND]);
      }
      expect(server.errors).to.deep.equal([]);
    });

    it('as often as the rate limits of the token let anybody ask, whether or not the webtask answers itself', async () => {
      for (const code of ['return cb => cb()', 'return (ctx, req, res) => res.end()']) {
        const token = await server.mint('limited.js', code, { jti: `limited-${code.length}`, lto: 1 });
        const path = `/api/run/test?key=${token}`;
        expect((await preflight(path)).status, code).to.equal(200);
        expect((await askFrom(path)).status, code).to.equal(429);
      }
    });

    it('and OPTIONS that is no such question reaches the webtask', async () => {
      const path = await keyOf('verb.js', 'return (ctx, req, res) => res.end(req.method)');
      expect((await askFrom(path, { method: 'OPTIONS' })).body).to.equal('OPTIONS');
    });
  });

  describe('may use the management API with a token that they have', () => {
    const path = '/api/webtask/test';

    it('and never with credentials that the browser adds', async () => {
      const answer = await askFrom(path, { headers: { Authorization: `Bearer ${server.sign()}` } });
      expect([answer.status, answer.body]).to.deep.equal([200, '[]']);
      expect(answer.cors).to.deep.equal({ ...MAY_READ, 'access-control-allow-origin': '*' });
      const cookie = await askFrom(path, {
        headers: { Cookie: `key=${server.sign()}; Authorization=Bearer ${server.sign()}` },
      });
      expect([cookie.status, cookie.cors]).to.deep.equal([403, { ...MAY_READ, 'access-control-allow-origin': '*' }]);
    });

    it('and ask before they send', async () => {
      const answer = await preflight('/api/tokens/issue', { 'Access-Control-Request-Headers': 'authorization' });
      expect([answer.status, answer.body]).to.deep.equal([200, '']);
      expect(answer.cors).to.deep.equal({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'authorization',
        'access-control-max-age': '600',
      });
    });

    it('and nothing beside it', async () => {
      for (const other of ['/healthz', '/metrics', '/']) expect((await askFrom(other)).cors, other).to.deep.equal({});
    });
  });
});
