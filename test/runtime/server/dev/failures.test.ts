import { expect } from 'chai';
import { BROWSER, useDevServer } from '../../../support/dev-server.ts';
import { apiError, proxyError } from '../../../support/server.ts';

for (const isolation of ['inline', 'process'] as const)
  describe(`the development server, with a webtask that fails, ${isolation}`, () => {
    const its = useDevServer(isolation);
    const { write, get, printed, page } = its;

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
        expect(its.lines.join('\n')).not.to.contain('sk_live');
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
        its.project.write('package.json', '{ "webtasks": { "pay": { "secrets": ["STRIPE_KEY"] } } }');
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
        its.project.write('.env', 'STRIPE_KEY=sk_1');
        expect((await get('/pay')).body).to.equal('{"STRIPE_KEY":"sk_1"}');
      });
    });
  });
