import { expect } from 'chai';
import { sha256Hex } from '../../../../runtime/code/index.ts';
import { freezeDate, moveDate } from '../../../../runtime/harness/index.ts';
import { apiError, proxyError, run, startTestServer, type TestServer } from '../../../support/server.ts';

const SECRETS = { API_KEY: 'sk_live_12345', 'MULTI LINE': 'first of all\nsecond one' };

describe('the secrets of a token', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  beforeEach(() => server.lines.splice(0));
  after(() => server.close());

  it('reach the webtask', async () => {
    const token = await server.mint('a.js', 'return (ctx, cb) => cb(null, [ctx.secrets, ctx.data])', {}, SECRETS);
    expect((await run(server, token)).body).to.equal(JSON.stringify([SECRETS, SECRETS]));
  });

  it('reach its module while it loads', async () => {
    const code = 'const { API_KEY } = module.webtask.secrets; return cb => cb(null, API_KEY)';
    expect((await run(server, await server.mint('b.js', code, {}, SECRETS))).body).to.equal('"sk_live_12345"');
  });

  it('win over query and body', async () => {
    const code = 'return (ctx, cb) => cb(null, ctx.data)';
    const token = await server.mint('c.js', code, { mb: 1, pctx: { plan: 'p' } }, { API_KEY: 'real' });
    const answer = await run(server, token, {
      method: 'POST',
      query: '?API_KEY=q&plan=q&color=q',
      headers: { 'Content-Type': 'application/json' },
      body: '{"API_KEY":"b","plan":"b","color":"b","size":"b"}',
    });
    expect(JSON.parse(answer.body)).to.deep.equal({ API_KEY: 'real', plan: 'p', color: 'q', size: 'b' });
  });

  it('are masked in what the webtask prints, also while it loads', async () => {
    const code = `
      console.log('load', module.webtask.secrets.API_KEY);
      return (ctx, cb) => {
        console.log('run', ctx.secrets.API_KEY);
        console.error(JSON.stringify(ctx.secrets['MULTI LINE']), ctx.secrets['MULTI LINE']);
        process.stdout.write('no line end ' + encodeURIComponent(ctx.secrets.API_KEY));
        cb();
      };`;
    await run(server, await server.mint('d.js', code, {}, SECRETS));
    await server.printed('test | no line end ***');
    expect(server.lines).to.deep.equal([
      'test | load ***',
      'test | run ***',
      'test | "***" ***',
      'test | no line end ***',
    ]);
  });

  it('are masked in the errors that are made of them', async () => {
    const throwing = 'return (ctx, cb) => { throw new Error("bad key " + ctx.secrets.API_KEY) }';
    const thrown = await run(server, await server.mint('e.js', throwing, {}, SECRETS));
    expect(JSON.parse(thrown.body)).to.include({ code: 500, message: 'bad key ***' });
    const loading = 'throw new Error("bad key " + module.webtask.secrets.API_KEY)';
    const loaded = await run(server, await server.mint('f.js', loading, {}, SECRETS));
    expect(JSON.parse(loaded.body)).to.include({ code: 400, message: 'Compilation failed: bad key ***' });
    expect(thrown.body + loaded.body).not.to.contain('sk_live');
  });

  it('are not opened for other code, wherever a copy of them is put', async () => {
    const stolen = await server.mint('g.js', 'return (ctx, cb) => cb(null, 1)', {}, SECRETS);
    const { ectx } = JSON.parse(Buffer.from(stolen.split('.')[1] ?? '', 'base64url').toString());
    const evil = 'return (ctx, cb) => cb(null, ctx.secrets)';
    server.files['evil.js'] = evil;
    const url = server.urlOf('g.js');
    const copies = [
      { ectx },
      { ectx, url },
      { ectx, url, url_sha256: sha256Hex(evil) },
      { ectx, url: server.urlOf('evil.js'), url_sha256: sha256Hex(evil) },
    ];
    for (const claims of copies) {
      expect(
        apiError(await run(server, server.sign(claims), { method: 'POST', body: evil })),
        JSON.stringify(claims),
      ).to.deep.equal(
        proxyError(
          403,
          'error decrypting JWT token context: the secrets were sealed for another container, URL or code',
        ),
      );
    }
  });

  it('are refused where they are damaged, or sealed by somebody else', async () => {
    expect(apiError(await run(server, server.sign({ ectx: 'a.b.c.d.e' })))).to.deep.equal(
      proxyError(403, 'error decrypting JWT token context: it is damaged'),
    );
  });
});

describe('a token that a server remembers', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.close());

  it('is refused from the second on at which it expires', async () => {
    freezeDate('2026-06-01T00:00:00Z');
    const token = server.sign({ exp: Date.now() / 1000 + 60 });
    const status = async () => (await run(server, token, { method: 'POST', body: 'return cb => cb()' })).status;
    expect(await status()).to.equal(200);
    moveDate(59_999);
    expect(await status()).to.equal(200);
    moveDate(1);
    expect(apiError(await run(server, token))).to.deep.equal(proxyError(403, 'expired JWT token'));
  });

  it('is refused where the date is moved back to before it is valid', async () => {
    freezeDate('2026-06-01T00:00:00Z');
    const token = server.sign({ nbf: Date.now() / 1000 });
    expect((await run(server, token, { method: 'POST', body: 'return cb => cb()' })).status).to.equal(200);
    moveDate(-1);
    expect(apiError(await run(server, token))).to.deep.equal(proxyError(403, 'not yet valid JWT token'));
  });

  it('is refused in another container all the same', async () => {
    const token = server.sign();
    expect((await run(server, token, { method: 'POST', body: 'return cb => cb()' })).status).to.equal(200);
    expect(apiError(await run(server, token, { container: 'x' }))).to.deep.equal(
      proxyError(403, 'not authorized to perform operation on tenant `x`'),
    );
    expect((await run(server, token, { method: 'POST', body: 'return cb => cb()' })).status).to.equal(200);
  });

  it('lends its signature to no other', async () => {
    const token = server.sign();
    expect((await run(server, token, { method: 'POST', body: 'return cb => cb()' })).status).to.equal(200);
    const [header, , signature] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ ten: 'x', dd: 0, iat: 1 })).toString('base64url');
    const forged = await run(server, `${header}.${claims}.${signature}`, { container: 'x' });
    expect(apiError(forged)).to.deep.equal(
      proxyError(403, 'rejecting request with JWT token that fails signature validation'),
    );
  });
});
