import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { useDynamoDB } from 'webtask-kit/mocha';
import { translate } from '../../runtime/compile/translate.ts';
import { urlForWebtasks } from '../support/isolation.ts';
import { useServer } from './server.ts';

/** An answer, read to its end. */
interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly source: string | null;
  readonly body: string;
}

const read = async (response: Response): Promise<Answer> => ({
  status: response.status,
  type: response.headers.get('content-type'),
  source: response.headers.get('x-wt-response-source'),
  body: await response.text(),
});

const JSON_OF_WEBTASK = { type: 'application/json', source: 'webtask' };

describe('A. programs run', () => {
  const server = useServer({ limitMs: 500 });

  /** Creates a webtask and runs it once. */
  async function run(code: string, { path = 'program', claims = {}, init = {} as RequestInit } = {}): Promise<Answer> {
    await server.create('program', code, claims);
    return read(await server.run(path, init));
  }

  it('1. a webtask (cb) answers with its result as JSON', async () => {
    expect(await run("module.exports = function (cb) { cb(null, 'Hello'); }")).to.deep.equal({
      status: 200,
      ...JSON_OF_WEBTASK,
      body: '"Hello"',
    });
  });

  it('2. a webtask may be returned at top level', async () => {
    expect(await run("return function (cb) { cb(null, 'Hello'); }")).to.deep.equal({
      status: 200,
      ...JSON_OF_WEBTASK,
      body: '"Hello"',
    });
  });

  it('3. (ctx, cb) finds the query in ctx.query and ctx.data', async () => {
    const code = 'module.exports = (ctx, cb) => cb(null, { query: ctx.query, a: ctx.data.a });';
    expect((await run(code, { path: 'program?a=1' })).body).to.equal('{"query":{"a":"1"},"a":"1"}');
  });

  it('4. what (ctx, req, res) writes arrives unchanged', async () => {
    const code = `module.exports = (ctx, req, res) => {
      res.writeHead(418, { 'X-Own': 'yes', 'Content-Type': 'application/octet-stream' });
      res.end(Buffer.from([0, 255, 10, 128]));
    };`;
    await server.create('program', code);
    const response = await server.run('program');
    expect(response.status).to.equal(418);
    expect(response.headers.get('x-own')).to.equal('yes');
    expect(response.headers.get('content-type')).to.equal('application/octet-stream');
    expect([...new Uint8Array(await response.arrayBuffer())]).to.deep.equal([0, 255, 10, 128]);
  });

  it('5. secrets are in ctx.secrets and ctx.data, and not in the readable payload', async () => {
    const code = 'module.exports = (ctx, cb) => cb(null, [ctx.secrets.S, ctx.data.S]);';
    const token = await server.create('program', code, { ectx: { S: 'very-secret-value' } });
    expect(await (await server.run('program')).text()).to.equal('["very-secret-value","very-secret-value"]');
    expect(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).not.to.include('very-secret-value');
  });

  it('6. a secret wins over a query parameter in ctx.data; ctx.query keeps what the caller sent', async () => {
    const code = 'module.exports = (ctx, cb) => cb(null, { data: ctx.data.S, query: ctx.query.S });';
    const answer = await run(code, { path: 'program?S=caller', claims: { ectx: { S: 'secret' } } });
    expect(answer.body).to.equal('{"data":"secret","query":"caller"}');
  });

  for (const call of ['cb(null)', 'cb(null, 0)']) {
    it(`7. ${call} answers {}`, async () => {
      const answer = await run(`module.exports = (cb) => ${call};`);
      expect(answer).to.deep.equal({ status: 200, ...JSON_OF_WEBTASK, body: '{}' });
    });
  }

  it('8. a result is compact JSON', async () => {
    expect((await run('module.exports = (cb) => cb(null, { a: 1 });')).body).to.equal('{"a":1}');
  });

  it('9. an Error becomes 400 with its details', async () => {
    const answer = await run("module.exports = (cb) => cb(new Error('x'));");
    const { stack, ...body } = JSON.parse(answer.body);
    expect({ ...answer, body }).to.deep.equal({
      status: 400,
      ...JSON_OF_WEBTASK,
      body: { code: 400, error: 'Script returned an error.', details: 'Error: x', name: 'Error', message: 'x' },
    });
    expect(stack).to.be.a('string');
  });

  it('10. err.statusCode becomes the status and the code', async () => {
    const answer = await run("module.exports = (cb) => cb(Object.assign(new Error('x'), { statusCode: 401 }));");
    expect(answer.status).to.equal(401);
    expect(JSON.parse(answer.body)).to.include({ code: 401, message: 'x' });
  });

  it("11. cb('text') becomes 400 with the text as details, and no name", async () => {
    const answer = await run("module.exports = (cb) => cb('text');");
    expect(answer.status).to.equal(400);
    expect(JSON.parse(answer.body)).to.deep.equal({ code: 400, error: 'Script returned an error.', details: 'text' });
  });

  it('12. a throw becomes 500 with its message', async () => {
    const answer = await run("module.exports = (cb) => { throw new Error('thrown'); };");
    expect(answer.status).to.equal(500);
    const error = 'Script generated an unhandled synchronous exception.';
    expect(JSON.parse(answer.body)).to.include({ code: 500, error, message: 'thrown' });
  });

  it('13. a throw in a timer answers with 5xx, and the next request succeeds', async () => {
    const code = `module.exports = (ctx, cb) => {
      if (ctx.query.ok) cb(null, 'ok');
      else setTimeout(() => { throw new Error('late'); }, 1);
    };`;
    const answer = await run(code);
    expect(answer.status).to.equal(500);
    expect(JSON.parse(answer.body)).to.include({ code: 500 });
    expect((await read(await server.run('program?ok=1'))).body).to.equal('"ok"');
  });

  it('14. a syntax error is 400, from the compiler', async () => {
    const answer = await run('module.exports = (');
    expect([answer.status, answer.source]).to.deep.equal([400, 'compiler']);
    const { code, message } = JSON.parse(answer.body);
    expect(code).to.equal(400);
    expect(message).to.match(/^Compilation failed:/);
  });

  for (const value of ['5', '{}']) {
    it(`15. module.exports = ${value} is no webtask`, async () => {
      const answer = await run(`module.exports = ${value};`);
      expect(answer.status).to.equal(400);
      expect(JSON.parse(answer.body).error).to.include('Supplied code must return or export a function');
    });
  }

  for (const signature of ['()', '(a, b, c, d)']) {
    it(`16. ${signature} => … is no signature of a webtask`, async () => {
      const answer = await run(`module.exports = ${signature} => {};`);
      expect(answer.status).to.equal(400);
      expect(JSON.parse(answer.body).message).to.include(
        'The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res).',
      );
    });
  }

  it('17. a program that never calls back is cut off, and blocks no other', async function () {
    this.timeout(60_000); // the limit of another server may be that of the platform
    await server.create('never', 'module.exports = (cb) => {};');
    await server.create('program', 'module.exports = (cb) => cb(null, 1);');
    const never = server.run('never').then(read);
    expect((await read(await server.run('program'))).body).to.equal('1');
    const answer = await never;
    expect(answer.status).to.be.within(500, 599);
    expect(JSON.parse(answer.body)).to.include({ code: answer.status }).and.to.have.property('message');
  });

  it('19. module.webtask has secrets, meta, params and storage while the code loads', async () => {
    const code = `const { secrets, meta, params, storage } = module.webtask;
      const seen = [secrets.S, meta.m, params.p, typeof storage.get];
      module.exports = (cb) => cb(null, seen);`;
    const answer = await run(code, { claims: { ectx: { S: 's' }, meta: { m: 'm' }, pctx: { p: 'p' } } });
    expect(answer.body).to.equal('["s","m","p","function"]');
  });

  it("20. 'use latest' with import, and a lone export default, are webtasks", async function () {
    this.timeout(60_000); // another server fetches Express
    const mixed = `'use latest';\nimport express from 'express';\nmodule.exports = (cb) => cb(null, typeof express);`;
    expect((await run(mixed)).body).to.equal('"function"');
    const alone = `'use latest';\nexport default function (cb) { cb(null, 'alone'); }`;
    expect((await run(alone)).body).to.equal('"alone"');
  });

  it('21. a version in require() is the one that is loaded', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../node_modules/semver/package.json', import.meta.url), 'utf8'),
    );
    const code = `const { SEMVER_SPEC_VERSION } = require('semver@${version}');
      module.exports = (cb) => cb(null, [SEMVER_SPEC_VERSION, typeof require('semver').parse]);`;
    expect((await run(code)).body).to.equal('["2.0.0","function"]');
  });

  it('22. a missing module is 400', async () => {
    const answer = await run("require('no-such-module-anywhere'); module.exports = (cb) => cb();");
    expect(answer.status).to.equal(400);
    const { message } = JSON.parse(answer.body);
    expect(message).to.equal("Compilation failed: Cannot find module 'no-such-module-anywhere'");
  });

  it('23. x-wt-response-source is webtask on whatever a program answered', async () => {
    for (const call of ["cb(null, 'x')", "cb('x')", "(() => { throw new Error('x'); })()"]) {
      expect((await run(`module.exports = (cb) => ${call};`)).source).to.equal('webtask');
    }
  });

  it('24. results and errors of callback programs are application/json', async () => {
    for (const call of ["cb(null, 'x')", "cb('x')", "(() => { throw new Error('x'); })()"]) {
      expect((await run(`module.exports = (cb) => ${call};`)).type).to.equal('application/json');
    }
  });

  describe('the revocation webtask', () => {
    const dynamodb = useDynamoDB({ revoked: 'jti' });
    const secretsOf = (): Record<string, string> => {
      const { ENDPOINT, ...others } = dynamodb.secrets;
      return ENDPOINT === undefined ? others : { ...others, ENDPOINT: urlForWebtasks(ENDPOINT) };
    };
    let code: string;

    before(async () => {
      const file = new URL('../../webtasks/revoke_dynamodb.ts', import.meta.url);
      code = (await translate(readFileSync(file, 'utf8'), file.pathname, 'typescript')).code;
    });

    it('25. answers 405 to DELETE, 400 without its table, and knows what was revoked', async function () {
      if (!server.isOwn) return this.skip(); // it does not have the packages of this folder
      await server.create('revoke', code, { ectx: secretsOf() });
      const refused = await read(await server.run('revoke?jti=a', { method: 'DELETE' }));
      expect([refused.status, refused.body]).to.deep.equal([405, '']);
      expect((await server.run('revoke?jti=a&jwt=b', { method: 'PUT' })).status).to.equal(200);
      expect((await server.run('revoke?jti=a')).status).to.equal(200);
      expect((await server.run('revoke?jti=other')).status).to.equal(404);

      const { TABLE: _table, ...others } = secretsOf();
      await server.create('revoke', code, { ectx: others });
      const missing = await read(await server.run('revoke?jti=a'));
      expect([missing.status, missing.body]).to.deep.equal([400, 'Missing TABLE.']);
    });

    for (const form of ['module.exports', 'return']) {
      it(`26. passes the seven cases of its first tests in the ${form} form`, async function () {
        if (!server.isOwn) return this.skip();
        const wrapped = `const module_ = { exports: {} };
          (function (module, exports) { ${code}\n})(module_, module_.exports);
          return module_.exports.default || module_.exports;`;
        await server.create('revoke', form === 'return' ? wrapped : code, { ectx: secretsOf() });
        const call = async (method: string, query: string): Promise<[number, string]> => {
          const { status, body } = await read(await server.run(`revoke${query}`, { method }));
          return [status, body];
        };
        for (const name of ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'REGION', 'TABLE']) {
          expect(dynamodb.secrets[name]).to.be.a('string');
        }
        expect((await call('PUT', `?jti=${form}&jwt=abc`))[0]).to.equal(200);
        expect((await call('GET', `?jti=${form}`))[0]).to.equal(200);
        expect((await call('GET', '?jti=never'))[0]).to.equal(404);
        expect(await call('PUT', '?jwt=abc')).to.deep.equal([400, 'Missing jti.']);
        expect(await call('PUT', '?jti=one')).to.deep.equal([400, 'Missing jwt.']);
        expect(await call('GET', '')).to.deep.equal([400, 'Missing jti.']);
      });
    }
  });
});
