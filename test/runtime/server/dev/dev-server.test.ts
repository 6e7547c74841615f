import { join } from 'node:path';
import { expect } from 'chai';
import { listWebtasks } from '../../../../runtime/project/index.ts';
import { type DevServer, openDevRunner, startDevServer } from '../../../../runtime/server/dev/index.ts';
import { createMemoryStore } from '../../../../runtime/store/index.ts';
import { readLimits } from '../../../../runtime/worker/index.ts';
import { createProject, type TestProject } from '../../../support/project.ts';
import { type Answer, apiError, ask, proxyError, type Question } from '../../../support/server.ts';
import { until } from '../../../support/until.ts';

const BROWSER = { headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };

for (const isolation of ['inline', 'process'] as const)
  describe(`the development server, ${isolation}`, () => {
    let project: TestProject;
    const openRunner = () =>
      openDevRunner({
        isolation,
        folder: project.folder,
        otherFolders: [],
        limits: readLimits({}),
        limitMs: 1_000,
        documents: createMemoryStore(),
        onOutput: (text) => void lines.push(text),
      });
    let server: DevServer;
    let lines: string[];
    beforeEach(async () => {
      project = createProject({ '.env': 'API_KEY=sk_live_12345\nWEBTASK_PORT=1\n' });
      lines = [];
      server = await startDevServer({
        files: () => listWebtasks(join(project.folder, 'webtasks')),
        port: 0,
        runner: await openRunner(),
        onLine: (line) => void lines.push(line),
      });
    });
    afterEach(async () => {
      await server.close();
      project.remove();
    });

    const write = (name: string, code: string) => project.write(`webtasks/${name}`, code);
    const get = (path: string, question?: Question) => ask(server.url + path, question);
    /** What was printed, times left out, once the line of a request was. */
    const printed = async (last: RegExp): Promise<string[]> => {
      await until(() => lines.some((line) => last.test(line)));
      return lines.map(
        (line) =>
          line
            .replace(/\d+ ms$/, 'N ms')
            .replaceAll(project.folder, '')
            .split('\n')[0] ?? '',
      );
    };
    const page = ({ status, headers, body }: Answer) => ({
      status,
      type: headers['content-type'],
      source: headers['x-wt-response-source'],
      title: /<title>(.*)<\/title>/s.exec(body)?.[1],
      heading: /<h1>(.*)<\/h1>/s.exec(body)?.[1],
      details: /<pre>(.*)<\/pre>/s.exec(body)?.[1]?.split('\n')[0]?.replaceAll(project.folder, ''),
      last: /<p>(.*)<\/p>/s.exec(body)?.[1],
    });

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
      server.reload();
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
      server.reload();
      expect((await get('/count')).body).to.equal('2');
    });

    it('compiles a webtask once, and again when it is told that it has changed', async () => {
      write('id.js', 'const id = Math.random(); return cb => cb(null, id)');
      const { body } = await get('/id');
      expect((await get('/id')).body).to.equal(body);
      write('id.js', 'return cb => cb(null, "changed")');
      expect((await get('/id')).body).to.equal(body);
      server.reload();
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
        runner: await openRunner(),
        onLine: (it) => lines.push(it),
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

    describe('with a webtask that fails', () => {
      it('answers with the JSON of the platform', async () => {
        write('bad.js', 'return cb => { throw new Error("<script>") }');
        const { status, headers, body } = await get('/bad');
        expect([status, headers['content-type'], headers['x-wt-response-source']]).to.deep.equal([
          500,
          'application/json',
          'webtask',
        ]);
        expect(JSON.parse(body)).to.include({ code: 500, details: 'Error: <script>', message: '<script>' });
      });

      it('shows a browser a page with the error and its stack, in which nothing is markup', async () => {
        write('bad.js', '\nreturn cb => { throw new Error("<script>") }');
        const answer = await get('/bad', BROWSER);
        expect(page(answer)).to.deep.equal({
          status: 500,
          type: 'text/html; charset=utf-8',
          source: 'webtask',
          title: 'Error: &lt;script&gt;',
          heading: 'Error: &lt;script&gt;',
          details: 'Error: &lt;script&gt;',
          last: 'bad answered 500. Save the change, then reload this page.',
        });
        expect(answer.body).to.contain('webtasks/bad.js:2:').and.not.to.contain('<script>');
      });

      it('shows no secret in it', async () => {
        write('bad.js', 'return (ctx, cb) => cb(new Error(ctx.secrets.API_KEY))');
        write('worse.js', 'throw new Error(module.webtask.secrets.API_KEY)');
        for (const path of ['/bad', '/worse']) {
          for (const question of [{}, BROWSER]) {
            expect((await get(path, question)).body)
              .to.contain('***')
              .and.not.to.contain('sk_live');
          }
        }
        expect(lines.join('\n')).not.to.contain('sk_live');
      });

      it('has only a head to answer with where only that is asked for', async () => {
        write('bad.js', 'return cb => cb(new Error("no"))');
        expect(await get('/bad', { method: 'HEAD', ...BROWSER })).to.include({ status: 400, body: '' });
      });

      it('lets a webtask answer a browser with an error of its own making', async () => {
        write('own.js', 'return (ctx, req, res) => { res.writeHead(500); res.end("my own") }');
        expect(await get('/own', BROWSER)).to.include({ status: 500, body: 'my own' });
      });

      it('says which part of an answer never came', async () => {
        write('half.js', 'return (ctx, req, res) => { res.write("half"); setImmediate(() => req.socket.destroy()) }');
        expect((await get('/half').catch((error) => error)).code).to.equal('ECONNRESET');
        expect(await printed(/^GET/)).to.deep.equal(['GET /half 200, cut off N ms']);
      });

      it('ends nothing', async () => {
        write(
          'bad.js',
          'setImmediate(() => { throw new Error("late") }); return cb => setImmediate(() => { throw new Error("now") })',
        );
        expect((await get('/bad')).status).to.equal(500);
        expect((await get('/bad')).status).to.equal(500);
        expect(await printed(/late/)).to.include('bad | /webtasks/bad.js was loaded when it threw Error: late');
      });
    });

    describe('with a webtask that does not compile', () => {
      beforeEach(() => write('bad.js', '\n\nreturn cb => cb(<b>)'));

      it('answers with the JSON of the compiler, and says so on the terminal', async () => {
        const answer = await get('/bad');
        expect([answer.status, answer.headers['x-wt-response-source']]).to.deep.equal([400, 'compiler']);
        expect(JSON.parse(answer.body).message).to.match(/^Compilation failed: .*webtasks\/bad\.js:3\)$/);
        expect((await printed(/^GET/))[0]).to.match(
          /^Compilation failed: .*\/webtasks\/bad\.js:3\)\. Correct the code there, or install the package that it misses\. \[COMPILE_FAILED\]$/,
        );
      });

      it('shows a browser a page', async () => {
        const { source, status, details, title } = page(await get('/bad', BROWSER));
        expect([source, status]).to.deep.equal(['compiler', 400]);
        expect(title).to.match(/^Compilation failed: /);
        expect(details).to.match(/^SyntaxError: /);
      });
    });

    describe('with a webtask that lacks a secret', () => {
      beforeEach(() => {
        project.write('package.json', '{ "webtasks": { "pay": { "secrets": ["STRIPE_KEY"] } } }');
        write('pay.js', 'return (ctx, cb) => cb(null, ctx.secrets)');
      });
      const MISSING = 'The secret STRIPE_KEY is neither in the environment nor in .env.';

      it('names it, and on the terminal the line to add', async () => {
        expect(apiError(await get('/pay'))).to.deep.equal(proxyError(500, MISSING));
        expect(await printed(/^GET/)).to.deep.equal([
          `${MISSING} Add this line to .env: STRIPE_KEY=… [SECRET_MISSING]`,
          'GET /pay 500 N ms',
        ]);
      });

      it('names it on a page with the line to add', async () => {
        const { title, details } = page(await get('/pay', BROWSER));
        expect([title, details]).to.deep.equal([MISSING, 'Add this line to .env: STRIPE_KEY=…']);
      });

      it('has it as soon as it is there', async () => {
        await get('/pay');
        project.write('.env', 'STRIPE_KEY=sk_1');
        expect((await get('/pay')).body).to.equal('{"STRIPE_KEY":"sk_1"}');
      });
    });
  });
