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

/** Reads its settings where the original does, and stands in for its check of the JWT. */
const JWT_MIDDLEWARE = `module.exports = () => (req, res, next) => {
  const { meta } = req.webtaskContext;
  if (!meta['wt-authorize-execution'] || meta['wt-authorize-execution'] === '0') return next();
  if (req.headers.authorization === 'Bearer ' + meta['wt-execution-iss'] + req.x_wt.container) return next();
  next(Object.assign(new Error('UnauthorizedError'), { statusCode: 401 }));
};`;

describe('F. compilers and middleware', function () {
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
      { name: 'fake-compiler', version: '1.0.0', code: `${COMPILER} module.exports.named = module.exports;` },
      { name: '@fake/middleware', version: '1.0.0', code: MIDDLEWARE },
      { name: '@webtask/jwt-middleware', version: '1.2.0', code: JWT_MIDDLEWARE },
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

    it('is available in any version', async () => {
      const modules = [{ name: '@webtask/cron-auth-middleware', version: '1.2.1' }];
      const response = await server.call('POST', '/api/env/node/modules', { json: { modules } });
      expect(await response.json()).to.deep.equal([{ ...modules[0], state: 'available' }]);
    });
  });

  describe('98. @webtask/jwt-middleware', () => {
    const code = 'module.exports = cb => cb(null, "in")';
    const metaOf = (version: string, more: Record<string, string> = {}) => ({
      ...versions({ '@webtask/jwt-middleware': version }),
      'wt-compiler': '@webtask/middleware-compiler',
      'wt-middleware': '@webtask/jwt-middleware',
      'wt-authorize-execution': '1',
      'wt-execution-iss': 'https://issuer.example/',
      ...more,
    });
    const asked = async (bearer?: string): Promise<unknown> => {
      const response = await server.run('protected', bearer ? { headers: { Authorization: `Bearer ${bearer}` } } : {});
      return [response.status, await response.text()];
    };

    own(
      'is provided as any package, and finds metadata, container and credential where the original does',
      async () => {
        await server.create('protected', code, { meta: metaOf('1.2.0') });
        expect([await asked(), await asked('https://issuer.example/dev')]).to.deep.equal([
          [401, '{"message":"UnauthorizedError","statusCode":401}'],
          [200, '"in"'],
        ]);
        await server.create('protected', code, { meta: metaOf('1.2.0', { 'wt-authorize-execution': '0' }) });
        expect(await asked()).to.deep.equal([200, '"in"']);
      },
    );

    own('protects also where a registry does not have it: nothing runs without its middleware', async () => {
      await server.create('protected', code, { meta: metaOf('9.9.9') });
      const [status, text] = (await asked('https://issuer.example/dev')) as [number, string];
      expect(status).to.equal(400);
      expect(JSON.parse(text).message).to.equal(
        "Compilation failed: Cannot find module '@webtask/jwt-middleware@9.9.9': the registry does not have it.",
      );
    });

    own('protects also by the token of the webtask in place of its name', async () => {
      const token = await server.create('protected', code, { meta: metaOf('1.2.0') });
      const response = await fetch(`${server.url}/api/run/dev?key=${token}`);
      expect(response.status).to.equal(401);
    });
  });

  it('100. req.x_wt has container, jtn, url_format, req_id, token and pb', async () => {
    const code = 'module.exports = (context, req, res) => res.end(JSON.stringify({ ...req.x_wt, id: context.id }))';
    const token = await server.create('shown', code, { pb: 2 });
    const response = await server.run('shown');
    const { req_id, id, ...rest } = (await response.json()) as Record<string, unknown>;
    expect(req_id).to.equal(id);
    expect(rest).to.include({ container: 'dev', jtn: 'shown', url_format: 1, token, pb: 2 });
  });
});
