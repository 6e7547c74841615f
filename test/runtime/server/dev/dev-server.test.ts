import { expect } from 'chai';
import { startDevServer } from '../../../../runtime/server/dev/index.ts';
import { BROWSER, useDevServer } from '../../../support/dev-server.ts';
import { apiError, ask, proxyError } from '../../../support/server.ts';

for (const isolation of ['inline', 'process'] as const)
  describe(`the development server, ${isolation}`, () => {
    const its = useDevServer(isolation);
    const { write, get, printed, page } = its;

    it('serves each webtask at its name, without a token, with the secrets of .env but none that is the kit’s', async () => {
      write('hello.js', 'return (ctx, cb) => cb(null, [ctx.secrets, ctx.query, ctx.token || "no token"])');
      write('typed.ts', 'export default (cb: (e: null, r: string) => void) => cb(null, "typed")');
      expect((await get('/hello?a=1&key=2')).body).to.equal('[{"API_KEY":"sk_live_12345"},{"a":"1"},"no token"]');
      expect((await get('/hello/more/of/it')).status).to.equal(200);
      expect((await get('/typed')).body).to.equal('"typed"');
      expect((await get('/%68ello')).status).to.equal(200);
    });

    it('prints each request, and what the webtask prints, secrets masked', async () => {
      write(
        'hello.js',
        'console.log("loads", module.webtask.secrets.API_KEY); return (ctx, cb) => { console.log("key", ctx.secrets.API_KEY); cb() }',
      );
      await get('/hello?token=in-the-query', { method: 'POST' });
      expect(await printed(/^POST/)).to.deep.equal(['hello | loads ***', 'hello | key ***', 'POST /hello 200 N ms']);
    });

    it('prints what is probably a mistake, and a missing secret once, until the webtask has changed', async () => {
      write('hello.js', 'return (ctx, cb) => { ctx.secrets.APIKEY; cb(); cb() }');
      const missing =
        'hello: context.secrets.APIKEY was read, but no secret of that name was given. Did you mean API_KEY?';
      const answered = ['/webtasks/hello.js:1 called back a second time.', 'GET /hello 200 N ms'];
      for (let i = 0; i < 2; i++) await get('/hello');
      its.server.reload();
      await get('/hello', { method: 'POST' });
      const last = [missing, '/webtasks/hello.js:1 called back a second time.', 'POST /hello 200 N ms'];
      expect(await printed(/^POST/)).to.deep.equal([missing, ...answered, ...answered, ...last]);
    });

    it('keeps the storage of a webtask while it runs', async () => {
      write(
        'count.js',
        'return (ctx, cb) => ctx.storage.get((e, n) => { n = (n || 0) + 1; ctx.storage.set(n, (e) => cb(e, n)) })',
      );
      await get('/count');
      its.server.reload();
      expect((await get('/count')).body).to.equal('2');
    });

    it('compiles a webtask once, and again when it is told that it has changed', async () => {
      write('id.js', 'const id = Math.random(); return cb => cb(null, id)');
      const { body } = await get('/id');
      expect((await get('/id')).body).to.equal(body);
      write('id.js', 'return cb => cb(null, "changed")');
      expect((await get('/id')).body).to.equal(body);
      its.server.reload();
      expect((await get('/id')).body).to.equal('"changed"');
    });

    it('serves a new file at once', async () => {
      expect((await get('/late')).status).to.equal(404);
      write('late.js', 'return cb => cb(null, "here")');
      expect((await get('/late')).body).to.equal('"here"');
    });

    it('answers requests to this machine’s names only, since a page elsewhere may point its own name here', async () => {
      write('hello.js', 'return cb => cb(null, "Hello")');
      for (const host of ['localhost', 'LOCALHOST:8721', '127.0.0.1:1', '[::1]:8721']) {
        expect((await get('/hello', { headers: { Host: host } })).status).to.equal(200);
      }
      for (const host of ['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test', 'x@localhost']) {
        const { status, body } = await get('/hello', { headers: { Host: host } });
        expect([status, JSON.parse(body).message]).to.deep.equal([
          403,
          `the development server answers requests to localhost only, not to ${host}`,
        ]);
      }
    });

    for (const host of ['rebound.example.com', 'localhost.example.com', '127.0.0.1.example.com:80']) {
      it(`answers nobody who calls it "${host}", as a page elsewhere could`, async () => {
        write('hello.js', 'return cb => cb(null, "hello")');
        expect(apiError(await get('/hello', { headers: { Host: host } }))).to.deep.equal(
          proxyError(403, `the development server answers requests to localhost only, not to ${host}`),
        );
      });
    }

    for (const host of ['localhost', 'LOCALHOST:8721', '127.0.0.1', '[::1]:8721']) {
      it(`answers whoever calls it ${host}`, async () => {
        write('hello.js', 'return cb => cb(null, "hello")');
        expect((await get('/hello', { headers: { Host: host } })).body).to.equal('"hello"');
      });
    }

    it('says that a file is gone', async () => {
      const gone = await startDevServer({
        files: () => ['/nowhere/gone.js'],
        port: 0,
        runner: await its.openRunner(),
        onLine: (it) => its.lines.push(it),
      });
      expect(apiError(await ask(`${gone.url}/gone`))).to.deep.equal(
        proxyError(500, 'The webtask /nowhere/gone.js cannot be read.'),
      );
      expect((await printed(/^GET/))[0]).to.equal(
        'The webtask /nowhere/gone.js cannot be read. Check its path. [RUN_NO_FILE]',
      );
      await gone.close();
    });

    describe('asked for what it does not have', () => {
      beforeEach(() => {
        write('pay.js', 'return cb => cb()');
        write('refund.ts', 'export default (cb: () => void) => cb()');
        write('refund.test.ts', '');
      });

      for (const path of ['/', '/nope', '/pay.js', '/%zz', '/<b>']) {
        it(`lists what is there: ${path}`, async () => {
          expect(apiError(await get(path))).to.deep.equal(
            proxyError(404, `there is no webtask at ${path}; these are here: /pay, /refund`),
          );
        });
      }

      it('does so as a page for a browser, in which nothing of the path is markup', async () => {
        expect(page(await get('/<b>"&', BROWSER))).to.deep.equal({
          status: 404,
          type: 'text/html; charset=utf-8',
          source: 'proxy',
          title: 'there is no webtask at /&lt;b&gt;&quot;&amp;; these are here: /pay, /refund',
          heading: 'there is no webtask at /&lt;b&gt;&quot;&amp;; these are here: /pay, /refund',
          details: 'Write one with: webtask new NAME',
          last: '/&lt;b&gt;&quot;&amp; answered 404. Save the change, then reload this page.',
        });
        expect(await printed(/404/)).to.deep.equal(['GET /<b>"& 404 N ms']);
      });
    });
  });
