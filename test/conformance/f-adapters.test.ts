import { request } from 'node:http';
import { expect } from 'chai';
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
  this.timeout(20_000);
  const server = useServer({ limitMs: 10_000, runDomain: 'run.test' });

  /** A request under a host of its own, which fetch does not send. */
  function ask(host: string, path: string): Promise<{ status: number; type: string | undefined; body: string }> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      request({ hostname, port, path, headers: { Host: host } }, async (response) => {
        let body = '';
        for await (const chunk of response.setEncoding('utf8')) body += chunk;
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], body });
      })
        .on('error', reject)
        .end();
    });
  }
  const places = (name: string) =>
    [
      [1, new URL(server.url).host, `/api/run/dev/${name}`],
      [2, 'tools.test', `/dev/${name}`],
      [3, 'dev.run.test', `/${name}`],
    ] as const;

  for (const [index, [how, code]] of Object.entries(ADAPTERS).entries()) {
    it(`99. ${how} finds path, context and req.x_wt at all URL formats`, async function () {
      if (!server.isOwn) return this.skip();
      const name = `adapter${index}`;
      const meta: Record<string, string> = how.startsWith('the') ? { 'wt-compiler': 'webtask-tools/express' } : {};
      await server.create(name, code, { ectx: { S: 's' }, host: 'tools.test', meta });
      for (const [format, host, base] of places(name)) {
        for (const [path, url] of [
          ['', '/'],
          ['/sub', '/sub'],
          ['/sub?a=1', '/sub?a=1'],
        ]) {
          const { status, body } = await ask(host, base + path);
          expect(status, `${host}${base}${path}: ${body}`).to.equal(200);
          expect(JSON.parse(body)).to.deep.equal([url, base + path, 's', format, name]);
        }
      }
    });
  }

  for (const [name, [code, page]] of Object.entries(PAGES)) {
    it(`99. the compiler ${name} serves its page at all URL formats`, async function () {
      if (!server.isOwn) return this.skip();
      await server.create(name, code, { host: 'tools.test', meta: { 'wt-compiler': `webtask-tools/${name}` } });
      for (const [, host, path] of places(name)) {
        const { status, type, body } = await ask(host, path);
        expect([status, type, body.trim()], host).to.deep.equal([200, 'text/html', page]);
      }
    });
  }

  it('99. fromHapi, which needs the insides of a Hapi of that time, harms nobody else', async () => {
    const code = `module.exports = require('webtask-tools').fromHapi({ _dispatch: () => { throw new Error('no'); } });`;
    await server.create('hapi', code);
    expect((await server.run('hapi')).status).to.be.within(400, 500);
    await server.create('after', 'module.exports = cb => cb(null, 1)');
    expect(await (await server.run('after')).text()).to.equal('1');
  });
});
