import { expect } from 'chai';
import { ask, run, runCode, startTestServer, type TestServer } from '../../../support/server.ts';

const JSON_BODY = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"b":"body"}' };

describe('the claims of a token', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const SEEN = 'return (ctx, cb) => cb(null, { body: ctx.body, raw: ctx.body_raw, data: ctx.data })';
  for (const [claims, seen] of [
    [{}, { body: { b: 'body' }, raw: '{"b":"body"}', data: {} }],
    [{ mb: 0 }, { body: { b: 'body' }, raw: '{"b":"body"}', data: {} }],
    [{ mb: 1 }, { body: { b: 'body' }, raw: '{"b":"body"}', data: { b: 'body' } }],
    [{ pb: 2 }, { body: { b: 'body' }, raw: '{"b":"body"}', data: {} }],
    [{ pb: 0, mb: 1 }, { data: {} }],
  ] as const) {
    it(`${JSON.stringify(claims)} decide what becomes of the body of a webtask with a callback`, async () => {
      const token = await server.mint('seen.js', SEEN, claims);
      expect(JSON.parse((await run(server, token, JSON_BODY)).body)).to.deep.equal(seen);
    });
  }

  const PIPED = 'return (ctx, req, res) => ctx.body ? res.end("parsed " + ctx.body.b) : req.pipe(res)';
  for (const [claims, body] of [
    [{}, '{"b":"body"}'],
    [{ pb: 0 }, '{"b":"body"}'],
    [{ pb: 2 }, '{"b":"body"}'],
    [{ pb: 1 }, 'parsed body'],
  ] as const) {
    it(`${JSON.stringify(claims)} decide whether the body of a webtask with a response is parsed`, async () => {
      expect((await run(server, await server.mint('piped.js', PIPED, claims), JSON_BODY)).body).to.equal(body);
    });
  }

  it('give way to what the query asks of one request', async () => {
    const token = await server.mint('piped.js', PIPED);
    expect((await run(server, token, { ...JSON_BODY, query: '?webtask_pb=1' })).body).to.equal('parsed body');
    const merging = await run(server, await server.mint('seen.js', SEEN), { ...JSON_BODY, query: '?webtask_mb=1' });
    expect(JSON.parse(merging.body).data).to.deep.equal({ b: 'body' });
  });

  it('are the parameters and metadata of the webtask, also while it loads', async () => {
    const code = `const { params, meta } = module.webtask;
      return (ctx, cb) => cb(null, [params, meta, ctx.params, ctx.meta, ctx.data])`;
    const [pctx, meta] = [{ plan: 'pro', seats: 3 }, { team: 'a' }];
    const answer = await run(server, await server.mint('params.js', code, { pctx, meta }));
    expect(JSON.parse(answer.body)).to.deep.equal([pctx, meta, pctx, meta, pctx]);
    const bare = await run(server, await server.mint('params.js', code));
    expect(JSON.parse(bare.body)).to.deep.equal([{}, {}, {}, {}, {}]);
  });

  it('and the token itself are known to code that the token fixes', async () => {
    const code = 'return (ctx, req, res) => res.end(JSON.stringify([req.x_wt, ctx.token, req.url, ctx.query]))';
    const token = await server.mint('known.js', code, { jti: 'ab12', jtn: 'known', pb: 0, mb: 1 });
    const answer = await ask(`${server.url}/api/run/test/?a=1&key=${token}&webtask_x=2`);
    const [{ req_id, ...known }, ...rest] = JSON.parse(answer.body);
    expect(req_id).to.match(/^\d{13}\.\d{1,5}$/);
    expect([known, ...rest]).to.deep.equal([
      {
        container: 'test',
        url_format: 1,
        pb: 0,
        mb: 1,
        resolved_modules: null,
        jtn: 'known',
        url: server.urlOf('known.js'),
        jti: 'ab12',
        token,
      },
      token,
      `/api/run/test/?a=1&key=${token}&webtask_x=2`,
      { a: '1' },
    ]);
  });

  it('do not show the token to code of the request, unless it is shared', async () => {
    const code = 'return (ctx, cb) => cb(null, [ctx.token || "none", ctx.query])';
    expect((await runCode(server, code)).body).to.equal('["none",{}]');
    const token = server.sign();
    const shared = await run(server, token, { method: 'POST', body: code, query: '?webtask_share_token=1' });
    expect(JSON.parse(shared.body)).to.deep.equal([token, {}]);
  });

  it('name the webtask in the lines that it prints; one without a name is its container', async () => {
    const code = 'return cb => { console.log("hi"); cb() }';
    await run(server, await server.mint('named.js', code, { jtn: 'pay' }));
    await run(server, await server.mint('named.js', code));
    await server.printed('pay | hi');
    await server.printed('test | hi');
  });
});

describe('the storage of a webtask with a name', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const COUNT = `return (ctx, cb) => ctx.storage.get((error, data) => {
    if (error) return cb(error);
    const n = (data ? data.n : 0) + 1;
    ctx.storage.set({ n }, (error) => cb(error, n));
  })`;
  const count = async (claims: object, container = 'test') =>
    (await run(server, await server.mint('count.js', COUNT, { ten: 'test,other', ...claims }), { container })).body;

  it('outlives its server', async () => {
    expect(await count({ jtn: 'pay' })).to.equal('1');
    expect(await count({ jtn: 'pay' })).to.equal('2');
    await server.restart();
    expect(await count({ jtn: 'pay' })).to.equal('3');
  });

  it('is one for each name and container, whatever the token', async () => {
    expect(await count({ jtn: 'a' })).to.equal('1');
    expect(await count({ jtn: 'b' })).to.equal('1');
    expect(await count({ jtn: 'a' }, 'other')).to.equal('1');
    expect(await count({ jtn: 'a' })).to.equal('2');
  });

  it('is of that container also in the module', async () => {
    const code = `const { storage } = module.webtask;
      return (ctx, cb) => storage.set(ctx.query.put, { force: 1 }, () => storage.get((error, data) => cb(error, data)))`;
    const token = await server.mint('module.js', code, { ten: 'test,other', jtn: 'm' });
    expect((await run(server, token, { query: '?put=one' })).body).to.equal('"one"');
    expect((await run(server, token, { query: '?put=two', container: 'other' })).body).to.equal('"two"');
    const read = await server.mint('r.js', 'return (ctx, cb) => ctx.storage.get(cb)', { ten: 'test,other', jtn: 'm' });
    expect((await run(server, read)).body).to.equal('"one"');
  });

  it('is refused to one without a name, in words', async () => {
    expect(JSON.parse(await count({}))).to.include({
      code: 400,
      message: 'Storage is not available to a webtask without a name.',
    });
  });
});
