import { expect } from 'chai';
import jsonwebtoken from 'jsonwebtoken';
import { ask } from '../support/server.ts';
import { useServer } from './server.ts';

const SHOW = `(req, res) => { res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify([req.url, req.originalUrl, req.webtaskContext.secrets.S, req.x_wt.url_format, req.x_wt.jtn])); }`;
const ROUTES = `const app = require('express')(); const show = ${SHOW}; app.get('/', show).get('/sub', show);`;
const ADAPTERS = {
  fromExpress: `${ROUTES} module.exports = require('webtask-tools').fromExpress(app);`,
  fromConnect: `module.exports = require('webtask-tools').fromConnect(${SHOW});`,
  fromServer: `module.exports = require('webtask-tools').fromServer(require('http').createServer(${SHOW}));`,
  fromRestify: `module.exports = require('webtask-tools').fromRestify(require('http').createServer(${SHOW}));`,
  'the compiler express': `${ROUTES} module.exports = app;`,
};
const PAGES = {
  html: ['<p>Hello</p>', '<p>Hello</p>'],
  pug: ['p= "Hello"', '<p>Hello</p>'],
} as const;

describe('F. webtask-tools', function () {
  this.timeout(60_000); // another server fetches what these require
  const server = useServer({ limitMs: 10_000, runDomain: 'run.test' });

  const askAt = (host: string, path: string) => ask(server.url + path, { headers: { Host: host } });
  /** Where a webtask is. The domains of another server are not known. */
  const places = (name: string) =>
    (
      [
        [1, new URL(server.url).host, `/api/run/dev/${name}`],
        [2, 'tools.test', `/dev/${name}`],
        [3, 'dev.run.test', `/${name}`],
      ] as const
    ).filter(([format]) => server.isOwn || format === 1);
  const host = () => (server.isOwn ? { host: 'tools.test' } : {});

  for (const [index, [how, code]] of Object.entries(ADAPTERS).entries()) {
    it(`99. ${how} finds path, context and req.x_wt at all URL formats`, async () => {
      const name = `adapter${index}`;
      const meta: Record<string, string> = how.startsWith('the') ? { 'wt-compiler': 'webtask-tools/express' } : {};
      await server.create(name, code, { ectx: { S: 's' }, ...host(), meta });
      for (const [format, host, base] of places(name)) {
        for (const [path, url] of [
          ['', '/'],
          ['/sub', '/sub'],
          ['/sub?a=1', '/sub?a=1'],
        ]) {
          const { status, body } = await askAt(host, base + path);
          expect(status, `${host}${base}${path}: ${body}`).to.equal(200);
          expect(JSON.parse(body)).to.deep.equal([url, base + path, 's', format, name]);
        }
      }
    });
  }

  for (const [name, [code, page]] of Object.entries(PAGES)) {
    it(`99. the compiler ${name} serves its page at all URL formats`, async () => {
      await server.create(name, code, { ...host(), meta: { 'wt-compiler': `webtask-tools/${name}` } });
      for (const [, host, path] of places(name)) {
        const { status, headers, body } = await askAt(host, path);
        expect([status, headers['content-type'], body.trim()], host).to.deep.equal([200, 'text/html', page]);
      }
    });
  }

  it('99. auth0() sends whoever has no token to log in, and back to the URL at which they came', async () => {
    const code = `const app = require('express')(); app.get('/', (req, res) => res.end('in'));
      module.exports = require('webtask-tools').fromExpress(app).auth0();`;
    const ectx = { AUTH0_CLIENT_ID: 'id', AUTH0_CLIENT_SECRET: 'c2VjcmV0', AUTH0_DOMAIN: 'auth.test' };
    await server.create('login', code, { ectx, ...host() });
    const tokenOf = (key: string) =>
      jsonwebtoken.sign({ sub: 'ada' }, key, { audience: 'id', issuer: 'https://auth.test/', algorithm: 'HS256' });
    const { protocol } = new URL(server.url);
    for (const [, host, path] of places('login')) {
      const login = await askAt(host, `${path}/login`);
      const { origin, searchParams } = new URL(login.headers.location ?? '');
      expect([login.status, origin, searchParams.get('redirect_uri')], host).to.deep.equal([
        302,
        'https://auth.test',
        `${protocol}//${host}${path}/callback`,
      ]);
      expect((await askAt(host, path)).status, host).to.equal(302);
      const known = await askAt(host, `${path}?access_token=${tokenOf('secret')}`);
      expect([known.status, known.body], host).to.deep.equal([200, 'in']);
      expect((await askAt(host, `${path}?access_token=${tokenOf('guess')}`)).body, host).not.to.equal('in');
    }
  });

  it('99. fromHapi, which needs the insides of a Hapi of that time, harms nobody else', async () => {
    const code = `module.exports = require('webtask-tools').fromHapi({ _dispatch: () => { throw new Error('no'); } });`;
    await server.create('hapi', code);
    expect((await server.run('hapi')).status).to.be.within(400, 500);
    await server.create('after', 'module.exports = cb => cb(null, 1)');
    expect(await (await server.run('after')).text()).to.equal('1');
  });
});
