import { expect } from 'chai';
import type { Origin } from '../support/origin.ts';
import { startOrigin } from '../support/origin.ts';
import { startRegistry } from '../support/registry.ts';
import { useServer } from './server.ts';

const COMPILER = `module.exports = (options, cb) =>
  cb(null, (context, done) => done(null, options.script.toUpperCase() + context.secrets.MARK));`;
const MIDDLEWARE = `module.exports = () => (req, res, next) => {
  const { error } = req.webtaskContext.query;
  res.setHeader('x-from', 'middleware');
  next(error && Object.assign(new Error('refused'), { statusCode: Number(error) }));
};`;

describe('F. compilers, middleware and modules', function () {
  this.timeout(60_000);
  let files: Origin;
  let registry: Origin;
  const allowedOrigins: string[] = [];
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME };
  before(async () => {
    const texts = new Map([
      ['/compiler.js', COMPILER],
      ['/middleware.js', MIDDLEWARE],
    ]);
    files = await startOrigin((req, res) => res.end(texts.get(req.url ?? '')));
    allowedOrigins.push(files.origin);
    registry = await startRegistry([
      { name: 'lodash', version: '4.17.4', code: "exports.VERSION = '4.17.4';" },
      { name: 'lodash', version: '3.0.0', code: "exports.VERSION = '3.0.0';" },
      { name: 'fake-early', version: '1.0.0', code: '' },
      { name: 'fake-compiler', version: '1.0.0', code: `${COMPILER} module.exports.named = module.exports;` },
      { name: '@fake/middleware', version: '1.0.0', code: MIDDLEWARE },
    ]);
    env.npm_config_registry = registry.origin;
  });
  const server = useServer({ allowedOrigins, env });
  /** Needs a server that fetches from the registry and the files of these tests. */
  const own = server.isOwn ? it : it.skip;
  after(async () => {
    await files.close();
    await registry.close();
  });

  /** Creates a webtask with metadata, runs it, and gives status and text. */
  async function answer(code: string, meta: Record<string, string>, path = ''): Promise<[number, string]> {
    await server.create('compiled', code, { meta, ectx: { MARK: '!' } });
    const response = await server.run(`compiled${path}`);
    return [response.status, await response.text()];
  }
  const versions = (of: Record<string, string>) => ({ 'wt-node-dependencies': JSON.stringify(of) });

  own(
    "21. require('name@version') loads that version, and plain names follow wt-node-dependencies, else the default",
    async () => {
      const code = "module.exports = cb => cb(null, [require('lodash@4.17.4').VERSION, require('lodash').VERSION]);";
      expect(await answer(code, versions({ lodash: '3.0.0' }))).to.deep.equal([200, '["4.17.4","3.0.0"]']);
      const plain = "module.exports = cb => cb(null, require('lodash').VERSION);";
      const [status, version] = await answer(plain, {});
      expect(status).to.equal(200);
      expect(version).to.match(/^"\d+\.\d+\.\d+"$/);
    },
  );

  it("22. A missing module is a 400 Compilation failed: Cannot find module 'x'", async () => {
    const [status, body] = await answer("module.exports = require('no-such-module');", {});
    expect({ status, message: JSON.parse(body).message }).to.deep.equal({
      status: 400,
      message: "Compilation failed: Cannot find module 'no-such-module'",
    });
    const unknown = await answer("module.exports = require('no-such-module@1.2.3');", {});
    expect({ status: unknown[0], message: JSON.parse(unknown[1]).message }).to.deep.equal({
      status: 400,
      message: "Compilation failed: Cannot find module 'no-such-module@1.2.3': the registry does not have it.",
    });
  });

  own('54. The versions of a module are listed without an Authorization header', async () => {
    const response = await fetch(`${server.url}/api/env/node/modules/lodash`);
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.include({ name: 'lodash', version: '4.17.4', state: 'available' });
    const scoped = await fetch(`${server.url}/api/env/node/modules/@none/such`);
    expect(await scoped.json()).to.deep.equal([]);
  });

  own('21. What a webtask will need is provided when it is created', async () => {
    await server.create('never-run', "module.exports = cb => cb(null, require('fake-early@1.0.0'))");
    let listed: unknown[] = [];
    while (!listed.some((it) => (it as { state: string }).state === 'available')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      listed = (await (await fetch(`${server.url}/api/env/node/modules/fake-early`)).json()) as unknown[];
    }
    expect(listed).to.deep.equal([{ name: 'fake-early', version: '1.0.0', state: 'available' }]);
  });

  own('70. Modules that are asked for have a state each', async () => {
    const modules = [
      { name: 'lodash', version: '4.17.4' },
      { name: 'fake-compiler', version: '1.0.0' },
      { name: 'no-such-module', version: '9.9.9' },
    ];
    const ask = async (): Promise<string[]> => {
      const response = await server.call('POST', '/api/env/node/modules', { json: { modules } });
      expect(response.status).to.equal(200);
      const states = (await response.json()) as { name: string; version: string; state: string }[];
      expect(states.map(({ name, version }) => ({ name, version }))).to.deep.equal(modules);
      return states.map(({ state }) => state);
    };
    let states = await ask();
    while (states.includes('queued')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      states = await ask();
    }
    expect(states).to.deep.equal(['available', 'available', 'failed']);
  });

  it('70. Modules are provided for credentials only, and reset for the whole cluster only', async () => {
    const json = { modules: [{ name: 'lodash', version: '4.17.4' }] };
    const nobody = await fetch(`${server.url}/api/env/node/modules`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(json),
    });
    expect(nobody.status).to.equal(403);
    expect((await server.call('POST', '/api/env/node/modules?reset=1', { json })).status).to.equal(403);
  });

  it('70. A request for modules that names none is refused in words', async () => {
    const many = Array.from({ length: 51 }, () => ({ name: 'lodash', version: '4.17.4' }));
    for (const json of [
      {},
      { modules: 'lodash' },
      { modules: [{ name: 'lodash' }] },
      { modules: many },
      { modules: [{ name: '../etc', version: '1.0.0' }] },
      { modules: [{ name: 'lodash', version: '^4' }] },
    ]) {
      const response = await server.call('POST', '/api/env/node/modules', { json });
      const body = (await response.json()) as Record<string, unknown>;
      expect(response.status, JSON.stringify(json)).to.equal(400);
      expect(body.code).to.equal(400);
      expect(body.message).to.be.a('string');
    }
    for (const name of ['.npm', '-x', 'a%00b', 'a/b/c']) {
      expect((await fetch(`${server.url}/api/env/node/modules/${name}`)).status, name).to.equal(400);
    }
  });

  own('98. wt-compiler names a module, module/export, or a URL', async () => {
    const meta = versions({ 'fake-compiler': '1.0.0' });
    for (const name of ['fake-compiler', 'fake-compiler/named', 'fake-compiler@1.0.0', `${files.origin}/compiler.js`]) {
      expect(await answer('hello', { ...meta, 'wt-compiler': name }), name).to.deep.equal([200, '"HELLO!"']);
    }
  });

  it('98. A compiler at an address that is not public is not fetched', async () => {
    const [status, body] = await answer('hello', { 'wt-compiler': 'http://127.0.0.1:9/compiler.js' });
    expect(status).to.equal(403);
    expect(JSON.parse(body).message).to.match(/127\.0\.0\.1 is not a public address/);
  });

  describe('98. wt-middleware', () => {
    const code = 'module.exports = cb => cb(null, "in")';
    const lists = () => [
      '@fake/middleware',
      '["@fake/middleware"]',
      `${files.origin}/middleware.js`,
      JSON.stringify([`${files.origin}/middleware.js`, '@fake/middleware']),
    ];
    const metaOf = (list: string) => ({
      ...versions({ '@fake/middleware': '1.0.0' }),
      'wt-compiler': '@webtask/middleware-compiler',
      'wt-middleware': list,
    });

    own('is a CSV or a JSON array of modules and URLs', async () => {
      for (const list of lists()) {
        await server.create('compiled', code, { meta: metaOf(list), ectx: { MARK: '!' } });
        const response = await server.run('compiled');
        expect([response.status, await response.text(), response.headers.get('x-from')], list).to.deep.equal([
          200,
          '"in"',
          'middleware',
        ]);
      }
    });

    own('answers with the statusCode of an error, and says "Server error" of a 500', async () => {
      for (const list of lists()) {
        expect(await answer(code, metaOf(list), '?error=403'), list).to.deep.equal([
          403,
          '{"message":"refused","statusCode":403}',
        ]);
        expect(await answer(code, metaOf(list), '?error=500'), list).to.deep.equal([
          500,
          '{"message":"Server error","statusCode":500}',
        ]);
      }
    });
  });

  describe('98. the middleware of the platform', () => {
    const code = 'module.exports = cb => cb(null, "in")';
    const metaOf = (name: string) => ({
      ...versions({ '@webtask/middleware-compiler': '1.3.0', [name]: '1.2.1' }),
      'wt-compiler': '@webtask/middleware-compiler',
      'wt-middleware': name,
    });
    const refused = [401, '{"message":"Unauthenticated extensibility point","statusCode":401}'];
    const asked = async (bearer?: string): Promise<unknown> => {
      const response = await server.run('guarded', bearer ? { headers: { Authorization: `Bearer ${bearer}` } } : {});
      return [response.status, await response.text()];
    };

    it('lets in who bears the secret wt-auth-secret, and everybody where there is none', async () => {
      const meta = metaOf('@webtask/bearer-auth-middleware');
      await server.create('guarded', code, { meta, ectx: { 'wt-auth-secret': 'open' } });
      expect([await asked(), await asked('closed'), await asked('open')]).to.deep.equal([
        refused,
        refused,
        [200, '"in"'],
      ]);
      await server.create('guarded', code, { meta });
      expect(await asked()).to.deep.equal([200, '"in"']);
    });

    it("lets in who bears the webtask's own token", async () => {
      const token = await server.create('guarded', code, { meta: metaOf('@webtask/cron-auth-middleware') });
      expect([await asked(), await asked(server.token), await asked(token)]).to.deep.equal([
        refused,
        refused,
        [200, '"in"'],
      ]);
    });

    own('is available in any version', async () => {
      const modules = [{ name: '@webtask/cron-auth-middleware', version: '1.2.1' }];
      const response = await server.call('POST', '/api/env/node/modules', { json: { modules } });
      expect(await response.json()).to.deep.equal([{ ...modules[0], state: 'available' }]);
    });
  });

  const APP = `const app = require('express')();
    app.get('/', (req, res) => res.json([req.originalUrl, req.url, req.webtaskContext.secrets]));
    app.get('/a/b', (req, res) => res.send('deeper'));`;

  for (const [how, meta, code] of [
    ['fromExpress', {}, `${APP} module.exports = require('webtask-tools').fromExpress(app);`],
    ['the compiler webtask-tools/express', { 'wt-compiler': 'webtask-tools/express' }, `${APP} module.exports = app;`],
  ] as const) {
    it(`99. An Express app by ${how} matches /, with the context on the request`, async () => {
      const [status, body] = await answer(code, meta);
      expect(status, body).to.equal(200);
      expect(JSON.parse(body)).to.deep.equal(['/api/run/dev/compiled', '/', { MARK: '!' }]);
      const deeper = await server.run('compiled/a/b');
      expect(await deeper.text()).to.equal('deeper');
    });
  }

  it('100. req.x_wt has container, jtn, url_format, req_id, token and pb', async () => {
    const code = 'module.exports = (context, req, res) => res.end(JSON.stringify({ ...req.x_wt, id: context.id }))';
    const token = await server.create('shown', code, { pb: 2 });
    const response = await server.run('shown');
    const { req_id, id, ...rest } = (await response.json()) as Record<string, unknown>;
    expect(req_id).to.equal(id);
    expect(rest).to.include({ container: 'dev', jtn: 'shown', url_format: 1, token, pb: 2 });
  });

  describe('context.create_token and create_token_url', () => {
    const payload = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const creating = (method: string) => `module.exports = (context, cb) => context.query.options
      ? context.${method}(JSON.parse(context.query.options), cb)
      : cb(null, { params: context.params, secrets: context.secrets });`;
    const ask = (name: string, options: unknown) =>
      server.run(`${name}?options=${encodeURIComponent(JSON.stringify(options))}`);

    it('issue a child of the token of the run, which runs the same code with its own parameters', async () => {
      const parent = await server.create('creating', creating('create_token'), { ectx: { A: '1' }, dd: 2 });
      const response = await ask('creating', {
        params: { p: 'q' },
        delegation_depth: 0,
        disable_self_revocation: true,
      });
      expect(response.status).to.equal(200);
      const token = (await response.json()) as string;
      const { jti, ca } = payload(parent);
      expect(payload(token)).to.deep.include({ dd: 0, dr: 1, pctx: { p: 'q' }, ca: [...ca, jti], ten: 'dev' });
      const ran = await fetch(`${server.url}/api/run/dev?key=${token}`);
      expect(await ran.json()).to.deep.equal({ params: { p: 'q' }, secrets: { A: '1' } });
    });

    it('give a URL at which the child runs', async () => {
      await server.create('creating', creating('create_token_url'), { dd: 2 });
      const url = (await (await ask('creating', { params: { p: 'q' } })).json()) as string;
      expect(url).to.match(/\/api\/run\/dev(\/creating$|\?key=)/);
      expect(await (await fetch(url)).json()).to.deep.equal({ params: { p: 'q' }, secrets: {} });
    });

    it('say that the token of the run can issue none', async () => {
      await server.create('creating', creating('create_token'), { dd: 0 });
      const response = await ask('creating', { params: {} });
      expect(response.status).to.equal(400);
      expect(((await response.json()) as { message: string }).message).to.equal(
        'The authentication webtask token cannot be used to issue new webtask tokens.',
      );
    });

    it('create nothing for code that a token did not fix, unless the caller shares it', async () => {
      const code = `module.exports = (context, cb) => context.create_token('https://example.com/x.js', cb)`;
      const headers = { 'Content-Type': 'text/plain' };
      const run = (query: string) =>
        fetch(`${server.url}/api/run/dev?key=${server.token}${query}`, { method: 'POST', headers, body: code });
      const refused = await run('');
      expect(refused.status).to.equal(400);
      expect(((await refused.json()) as { message: string }).message).to.equal(
        'No token can be created: the token of this run is not shared with the webtask.',
      );
      const shared = await run('&webtask_share_token=1');
      expect(payload((await shared.json()) as string)).to.include({ url: 'https://example.com/x.js', pb: 1, mb: 1 });
    });
  });
});
