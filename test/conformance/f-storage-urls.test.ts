import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { startOrigin } from '../support/origin.ts';
import { ask } from '../support/server.ts';
import { useServer } from './server.ts';

/** Answers with what a sequence of storage calls gave; `?do=` names it. */
const CALLS = `
const get = (storage) => new Promise((resolve) => storage.get((error, data) => resolve([error ? error.code || error.message : null, data])));
const set = (storage, data, options) => new Promise((resolve) => storage.set(data, options || {}, (error) =>
  resolve(error ? [error.code, error.conflict] : 'ok')));`;
const STORAGE = `${CALLS}
const steps = {
  get: async ({ storage }) => get(storage),
  set: async ({ storage, query }) => { await get(storage); return set(storage, JSON.parse(query.data)); },
  force: async ({ storage, query }) => set(storage, JSON.parse(query.data), { force: 1 }),
  blind: async ({ storage }) => { try { storage.set(1); return 'set'; } catch (error) { return error.message; } },
  large: async ({ storage, query }) => { await get(storage); return set(storage, { text: 'x'.repeat(+query.bytes) }); },
  size: async ({ storage }) => (await get(storage))[1].text.length,
};
module.exports = (ctx, cb) => steps[ctx.query.do](ctx).then((result) => cb(null, { result }), cb);`;

/** Sets what it has read before, once its caller has sent the end of its body. */
const INTERLEAVED = `${CALLS}
module.exports = async ({ storage }, req, res) => {
  await get(storage);
  res.write('it has read');
  req.resume().once('end', async () => res.end(JSON.stringify(
    [await set(storage, 'mine'), await set(storage, 'mine after all'), await get(storage)])));
};`;

describe('F. storage and URLs', () => {
  const server = useServer({ limitMs: 10_000, runDomain: 'run.test' });

  async function run(name: string, query: string): Promise<unknown> {
    const response = await server.run(`${name}?${query}`);
    const text = await response.text();
    expect(response.status, text).to.equal(200);
    return (JSON.parse(text) as { result: unknown }).result;
  }

  const askAt = (host: string, path: string) => ask(server.url + path, { headers: { Host: host } });

  describe('ctx.storage', () => {
    beforeEach(() => server.create('storage', STORAGE));
    afterEach(() => server.call('DELETE', '/api/webtask/dev/storage'));

    const get = async (): Promise<unknown> => run('storage', 'do=get');

    it('89. is empty at first, without an error', async () => {
      expect(await get()).to.deep.equal([null, null]); // undefined, in JSON
    });

    it('90. has in a later request what was set, also after a restart of the server', async () => {
      expect(await run('storage', 'do=set&data={"n":1}')).to.equal('ok');
      expect(await get()).to.deep.equal([null, { n: 1 }]);
      if (server.isOwn) await server.restart();
      expect(await get()).to.deep.equal([null, { n: 1 }]);
    });

    it('91. tells the second of two that set at once what is there; setting again then succeeds', async () => {
      await server.create('storage', INTERLEAVED);
      const { hostname, port, protocol } = new URL(server.url);
      const { request } = await import(protocol === 'https:' ? 'node:https' : 'node:http');
      const asked: ClientRequest = request({ hostname, port, path: '/api/run/dev/storage', method: 'POST' });
      asked.flushHeaders();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      const pieces = response.setEncoding('utf8')[Symbol.asyncIterator]();
      expect((await pieces.next()).value).to.equal('it has read'); // and is not over
      expect(
        (await server.call('PUT', '/api/webtask/dev/storage/data', { json: { data: '"theirs"' } })).status,
      ).to.equal(200);
      asked.end();
      expect(JSON.parse((await pieces.next()).value)).to.deep.equal([[409, 'theirs'], 'ok', [null, 'mine after all']]);
    });

    it('92. sets without a get only where it is forced', async () => {
      expect(await run('storage', 'do=force&data=1')).to.equal('ok');
      expect(await run('storage', 'do=blind')).to.equal(
        'When calling storage.set without having called storage.get before, you must specify the .force option.',
      );
      expect(await get()).to.deep.equal([null, 1]);
    });

    it('93. holds 500 KB, and refuses more with 413, the document unchanged', async () => {
      const most = 500 * 1024 - '{"text":""}'.length;
      for (const bytes of [300_000, 400_000, most]) {
        expect(await run('storage', `do=large&bytes=${bytes}`)).to.equal('ok');
        expect(await run('storage', 'do=size')).to.equal(bytes);
      }
      expect(await run('storage', `do=large&bytes=${most + 1}`)).to.deep.equal([413, null]);
      expect(await run('storage', 'do=size')).to.equal(most);
    });

    it('94. is an error in a run without a name, and nothing worse', async () => {
      const response = await server.call('POST', '/api/run/dev?do=get', { headers: { 'Content-Type': 'text/plain' } });
      expect(response.status).to.equal(400);
      const anonymous = await fetch(`${server.url}/api/run/dev?do=get`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${server.token}` },
        body: STORAGE,
      });
      expect(anonymous.status).to.equal(200);
      expect(await anonymous.json()).to.deep.equal({ result: [400, null] });
    });

    it('95. is gone with its webtask', async () => {
      for (const bytes of [10, 400_000]) {
        await run('storage', `do=large&bytes=${bytes}`);
        expect((await server.call('DELETE', '/api/webtask/dev/storage')).status).to.equal(204);
        await server.create('storage', STORAGE);
        expect(await get()).to.deep.equal([null, null]);
      }
    });
  });

  describe('addresses', () => {
    const APP = `const express = require('express');
      const app = express();
      const show = (req, res) => res.json({ url: req.url, original: req.originalUrl,
        secret: req.webtaskContext.secrets.S, format: req.x_wt.url_format });
      app.get('/', show).get('/sub', show);
      module.exports = require('webtask-tools').fromExpress(app);`;

    before(() => server.create('app', APP, { ectx: { S: 's' }, host: 'shop.test' }));

    it('99. an Express app finds its routes at all three', async function () {
      this.timeout(60_000); // another server fetches Express
      const places = [
        [1, new URL(server.url).host, '/api/run/dev/app'],
        [2, 'shop.test', '/dev/app'],
        [2, 'Shop.Test:8080', '/dev/app'],
        [3, 'dev.run.test', '/app'],
      ] as const;
      // The wildcard domain of another server is not known.
      for (const [format, host, base] of places.filter(([it]) => server.isOwn || it !== 3)) {
        for (const [path, url] of [
          ['', '/'],
          ['/sub', '/sub'],
          ['/sub?a=1', '/sub?a=1'],
        ]) {
          const answer = await askAt(host, base + path);
          expect(answer.status, host + base + path).to.equal(200);
          expect(JSON.parse(answer.body)).to.deep.equal({ url, original: base + path, secret: 's', format });
        }
      }
    });

    it('99. and nobody finds it at those of others', async function () {
      const { masterKey, isOwn } = server;
      if (masterKey === undefined || !isOwn) return this.skip();
      const headers = { Authorization: `Bearer ${masterKey}` };
      const json = { code: 'module.exports = (cb) => cb();' };
      expect((await server.call('PUT', '/api/webtask/other/plain', { json, headers })).status).to.equal(200);
      expect((await askAt('other.run.test', '/plain')).status).to.equal(200);
      for (const [host, path] of [
        ['unknown.test', '/dev/app'],
        ['shop.test', '/other/plain'],
        ['dev.run.test', '/plain'],
        ['shop.test', '/app'],
        ['other.run.test', '/app'],
        ['run.test', '/app'],
        ['dev.run.test', '/api/webtask/dev'],
        ['dev.run.test', '/api/run/dev/app'],
      ] as const) {
        expect((await askAt(host, path)).status, `${host}${path}`).to.be.oneOf([403, 404]);
      }
    });

    it('a host belongs to the first container that claims it, and never is one of the cluster', async function () {
      const { masterKey, isOwn } = server;
      if (masterKey === undefined) return this.skip();
      const headers = { Authorization: `Bearer ${masterKey}` };
      const claim = async (container: string, host: string): Promise<number> => {
        const json = { code: 'module.exports = (cb) => cb();', host };
        return (await server.call('PUT', `/api/webtask/${container}/claim`, { json, headers })).status;
      };
      expect(await claim('thief', 'shop.test')).to.equal(403);
      expect(await claim('dev', 'SHOP.test')).to.equal(200);
      for (const own of [
        '127.0.0.1',
        'localhost',
        '::1',
        '127.0.0.1:80',
        ...(isOwn ? ['run.test', 'x.run.test'] : []),
      ]) {
        expect(await claim('dev', own), own).to.be.oneOf([400, 403]);
      }
      expect((await server.call('GET', '/api/webtask/thief/claim', { headers })).status).to.equal(404);
    });

    it('100. req.x_wt says which webtask it is', async () => {
      const token = await server.create(
        'x_wt',
        'module.exports = (ctx, req, res) => res.end(JSON.stringify([req.x_wt, ctx.id]));',
      );
      const [platform, id] = (await (await server.run('x_wt')).json()) as [Record<string, unknown>, string];
      expect(platform).to.include({ container: 'dev', jtn: 'x_wt', url_format: 1, req_id: id, token, pb: 2 });
    });

    it('101. what follows the name reaches the program as it was sent', async () => {
      await server.create('path', 'module.exports = (ctx, req, res) => res.end(req.url);');
      for (const path of ['/a/b?x=1', '/', '//a%2Fb/../c?x=%20', '?x=1']) {
        const answer = await ask(`${server.url}/api/run/dev/path${path}`);
        expect(answer.body).to.equal(`/api/run/dev/path${path}`);
      }
    });

    it('102. webtask_no_cache compiles again, and is hidden from the program', async () => {
      await server.create(
        'fresh',
        'const born = process.hrtime.bigint().toString(); module.exports = (ctx, cb) => cb(null, { born, query: ctx.query });',
      );
      const born = async (query = ''): Promise<string> => {
        const seen = (await (await server.run(`fresh${query}`)).json()) as { born: string; query: object };
        expect(seen.query).to.deep.equal({});
        return seen.born;
      };
      const first = await born();
      expect(await born()).to.equal(first);
      const second = await born('?webtask_no_cache=1');
      expect(second).not.to.equal(first);
      expect(await born()).to.equal(second);
    });

    it('103. DELETE /api/cache/{container}/{name} is 204, then 404, and has the code loaded again', async () => {
      await server.create(
        'cached',
        'const born = process.hrtime.bigint().toString(); module.exports = (cb) => cb(null, born);',
      );
      const born = async (): Promise<string> => (await server.run('cached')).text();
      const clear = async (path: string): Promise<number> => (await server.call('DELETE', `/api/cache/${path}`)).status;
      const first = await born();
      expect([await clear('dev/cached'), await clear('dev/cached')]).to.deep.equal([204, 404]);
      const second = await born();
      expect(second).not.to.equal(first);
      expect([await clear('dev'), await clear('dev'), await clear('dev/never')]).to.deep.equal([204, 404, 404]);
      expect(await born()).not.to.equal(second);
    });
  });

  describe('code at a URL', () => {
    const options = { allowedOrigins: [] as string[] };
    const elsewhere = useServer(options);

    it('is fetched again after its cache was cleared, and with webtask_no_cache', async function () {
      if (!elsewhere.isOwn) return this.skip();
      let version = 0;
      const origin = await startOrigin((_req, res) => res.end(`module.exports = (cb) => cb(null, ${++version});`));
      options.allowedOrigins.push(origin.origin);
      await elsewhere.create('remote', undefined, { url: `${origin.origin}/code.js` });
      const run = async (query = ''): Promise<string> => (await elsewhere.run(`remote${query}`)).text();
      expect([await run(), await run()]).to.deep.equal(['1', '1']);
      expect((await elsewhere.call('DELETE', '/api/cache/dev/remote')).status).to.equal(204);
      expect([await run(), await run()]).to.deep.equal(['2', '2']);
      expect([await run('?webtask_no_cache=1'), await run()]).to.deep.equal(['3', '3']);
      await origin.close();
    });
  });
});
