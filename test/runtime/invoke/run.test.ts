import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { type RunProblem, runWebtask } from '../../../runtime/invoke/index.ts';
import { NOTHING_GIVEN, readReply, run, SETTINGS } from '../../support/webtask.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };

describe('a webtask with a callback', () => {
  it('answers with its result as compact JSON', async () => {
    expect(await run('module.exports = function (cb) { cb(null, "Hello"); }')).to.deep.equal({
      status: 200,
      headers: { ...JSON_TYPE, 'Content-Length': '7' },
      body: '"Hello"',
      source: 'webtask',
    });
    expect((await run('return (ctx, cb) => cb(null, { a: 1 })')).body).to.equal('{"a":1}');
  });

  for (const nothing of ['', 'null', 'null, 0', 'null, ""', 'null, false', 'null, undefined', 'null, () => 1']) {
    it(`cb(${nothing}) answers {}`, async () => {
      expect(await run(`return cb => cb(${nothing})`)).to.include({ status: 200, body: '{}' });
    });
  }

  it('answers an error with 400 and all that is known of it', async () => {
    const { status, headers, body } = await run('return cb => cb(new TypeError("x"))');
    expect({ status, type: headers['Content-Type'] }).to.deep.equal({ status: 400, type: 'application/json' });
    const { stack, ...rest } = JSON.parse(body);
    expect(rest).to.deep.equal({
      code: 400,
      error: 'Script returned an error.',
      details: 'TypeError: x',
      name: 'TypeError',
      message: 'x',
    });
    expect(stack).to.match(/^TypeError: x\n {4}at .*\/app\/hello\.js:1:/);
    expect(body).to.equal(JSON.stringify({ ...rest, stack }, null, 2));
  });

  it('answers with the statusCode of its error', async () => {
    const reply = await run('return cb => cb(Object.assign(new Error("no"), { statusCode: 401 }))');
    expect(reply.status).to.equal(401);
    expect(JSON.parse(reply.body)).to.include({ code: 401, error: 'Script returned an error.', details: 'Error: no' });
  });

  it('answers with two headers of its error, and with no other: clients of HTTP put into errors what some server sent', async () => {
    const error = `{ statusCode: 401, headers: { 'WWW-Authenticate': 'Bearer realm="a"', 'Retry-After': '1', 'Set-Cookie': 'a=b' } }`;
    const { headers } = await run(`return cb => cb(Object.assign(new Error("no"), ${error}))`);
    expect(Object.keys(headers).sort()).to.deep.equal([
      'Content-Length',
      'Content-Type',
      'Retry-After',
      'WWW-Authenticate',
    ]);
    expect(headers).to.include({ 'WWW-Authenticate': 'Bearer realm="a"', 'Retry-After': '1' });
    const odd = '{ headers: { "WWW-Authenticate": "a\\r\\nb: c", "Retry-After": 1 } }';
    const reply = await run(`return cb => cb(Object.assign(new Error("no"), ${odd}))`);
    expect(Object.keys(reply.headers).sort()).to.deep.equal(['Content-Length', 'Content-Type']);
  });

  for (const statusCode of ['"401"', '42', '99999', 'NaN', '401.5']) {
    it(`answers 400 where statusCode is ${statusCode}, which is none`, async () => {
      expect(
        (await run(`return cb => cb(Object.assign(new Error("no"), { statusCode: ${statusCode} }))`)).status,
      ).to.equal(400);
    });
  }

  it('answers an error that is a text with the text alone', async () => {
    expect((await run('return cb => cb("text")')).body).to.equal(
      JSON.stringify({ code: 400, error: 'Script returned an error.', details: 'text' }, null, 2),
    );
  });

  it('answers an error that cannot become text', async () => {
    expect(JSON.parse((await run('return cb => cb(Object.create(null))')).body).details).to.equal('[object Object]');
  });

  it('answers 400 to a result that JSON cannot hold', async () => {
    const reply = await run('return cb => { const a = {}; a.a = a; cb(null, a); }');
    expect(reply.status).to.equal(400);
    expect(JSON.parse(reply.body)).to.include({
      code: 400,
      error: 'Error when JSON serializing the result of the JavaScript code.',
      name: 'TypeError',
    });
  });

  it('answers 500 when it throws', async () => {
    const reply = await run('return cb => { throw new RangeError("far") }');
    expect(reply).to.include({ status: 500, source: 'webtask' });
    expect(JSON.parse(reply.body)).to.include({
      code: 500,
      error: 'Script generated an unhandled synchronous exception.',
      details: 'RangeError: far',
      name: 'RangeError',
      message: 'far',
    });
  });

  it('answers 500 when it throws later, and runs again', async () => {
    const reply = await run('return cb => { setTimeout(() => { throw new Error("late") }, 1) }');
    expect(reply).to.include({ status: 500, source: 'webtask' });
    expect(JSON.parse(reply.body)).to.include({
      code: 500,
      error: 'Script generated an unhandled asynchronous exception.',
      details: 'Error: late',
    });
    expect((await run('return cb => cb(null, 1)')).body).to.equal('1');
  });

  it('answers 500 to a rejection that nobody handles', async () => {
    const reply = await run('return cb => { Promise.reject(new Error("lost")) }');
    expect(JSON.parse(reply.body)).to.include({ code: 500, details: 'Error: lost' });
  });

  it('calls back once: later calls change nothing and are reported', async () => {
    const problems: RunProblem[] = [];
    const reply = await run(
      'return cb => {\n cb(null, 1);\n cb(null, 2);\n}',
      {},
      { onProblem: (it) => problems.push(it) },
    );
    expect(reply).to.include({ status: 200, body: '1' });
    expect(problems).to.deep.equal([
      { kind: 'called-back-twice', message: '/app/hello.js:3 called back a second time.' },
    ]);
  });

  it('is cut off at the limit with its name, and reported with its line', async () => {
    const problems: RunProblem[] = [];
    const code = '\nreturn function (cb) { /* never */ }';
    const reply = await run(code, {}, { limitMs: 20, onProblem: (it) => problems.push(it) });
    expect(reply).to.include({ status: 504, source: 'proxy' });
    const { req_id, ...rest } = JSON.parse(reply.body);
    expect(rest).to.deep.equal({ code: 504, message: 'hello did not answer within 20 ms.' });
    expect(req_id).to.match(/^\d{13}\.\d+$/);
    expect(problems).to.deep.equal([{ kind: 'timed-out', message: '/app/hello.js:2 never called back within 20 ms.' }]);
  });

  it('reports what it throws after its answer', async () => {
    const problems: RunProblem[] = [];
    const reply = await run(
      'return cb => { cb(null, 1); throw new Error("after") }',
      {},
      { onProblem: (it) => problems.push(it) },
    );
    expect(reply.body).to.equal('1');
    expect(problems.map((it) => it.kind)).to.deep.equal(['threw-after-answer']);
    expect(problems[0]?.message).to.match(/^\/app\/hello\.js had answered when it threw Error: after\n/);
  });

  it('has an object of its own as this, so that sloppy code leaves no globals behind', async () => {
    expect((await run('return function (cb) { this.mine = 1; cb(null, [typeof mine, this.mine]) }')).body).to.equal(
      '["undefined",1]',
    );
  });
});

describe('a webtask that returns a promise', () => {
  it('may call back with the same result later, as clients do that offer both', async () => {
    const problems: RunProblem[] = [];
    const code = 'return (ctx, cb) => { setImmediate(() => cb(null, 2)); return Promise.resolve(1) }';
    expect((await run(code, {}, { onProblem: (it) => problems.push(it) })).body).to.equal('1');
    await new Promise((resolve) => setImmediate(resolve));
    expect(problems).to.deep.equal([]);
  });

  it('answers with its value', async () => {
    expect((await run('return async (ctx, cb) => ({ a: 1 })')).body).to.equal('{"a":1}');
    expect((await run('return async (ctx, cb) => null')).body).to.equal('{}');
  });

  it('answers a rejection as an error given to the callback', async () => {
    const reply = await run('return async cb => { throw Object.assign(new Error("no"), { statusCode: 403 }) }');
    expect(JSON.parse(reply.body)).to.include({ code: 403, error: 'Script returned an error.', details: 'Error: no' });
  });

  it('is waited for when it resolves with nothing and calls back later', async () => {
    expect((await run('return async cb => { setTimeout(() => cb(null, "later"), 5) }')).body).to.equal('"later"');
  });

  it('counts only where the callback has not', async () => {
    const problems: RunProblem[] = [];
    expect(
      (await run('return async cb => { cb(null, 1); return 2 }', {}, { onProblem: (it) => problems.push(it) })).body,
    ).to.equal('1');
    expect(problems).to.deep.equal([]);
  });

  it('of the http model answers with its response, whatever its value', async () => {
    expect((await run('return async (ctx, req, res) => { res.end("raw"); return { a: 1 } }')).body).to.equal('raw');
    expect((await run('return async (ctx, req, res) => { throw new Error("x") }')).status).to.equal(400);
  });
});

describe('a webtask (context, req, res)', () => {
  it('answers with status, headers and bytes as it wrote them', async () => {
    const reply = await run(
      'return (ctx, req, res) => { res.writeHead(418, { "X-Pot": "1", "Content-Type": "text/plain" }); res.write("tea"); res.end("pot") }',
    );
    expect(reply).to.deep.equal({
      status: 418,
      headers: { 'X-Pot': '1', 'Content-Type': 'text/plain' },
      body: 'teapot',
      source: 'webtask',
    });
  });

  it('may throw before its head, which answers 500', async () => {
    expect((await run('return (ctx, req, res) => { throw new Error("x") }')).status).to.equal(500);
  });

  it('has its connection closed when it throws after its head', async () => {
    const webtask = await compileWebtask(
      { code: 'return (ctx, req, res) => { res.write("half"); throw new Error("x") }', file: '/app/hello.js' },
      NOTHING_GIVEN,
    );
    const reply = await runWebtask(webtask, { method: 'GET', url: '/', rawHeaders: [] }, SETTINGS);
    expect(reply.status).to.equal(200);
    const error = await readReply(reply).catch((error: Error) => error);
    expect(error).to.be.instanceOf(Error).with.property('message', 'the webtask closed the connection');
  });

  it('is an error of the platform when it closes its connection without an answer', async () => {
    const error = await run('return (ctx, req, res) => req.socket.destroy()').catch((error: Error) => error);
    expect(error).to.include({
      code: 'RUN_CONNECTION_CLOSED',
      message: 'hello closed the connection without an answer.',
    });
  });

  it('finds the platform parameters and the query on its request', async () => {
    const reply = await run(
      'return (ctx, req, res) => { const { req_id, ...x } = req.x_wt; res.end(JSON.stringify([req.url, req.query, x, req_id === ctx.id])) }',
      { url: '/api/run/test/hello/a/b?x=1&key=k' },
      { token: 'T', tokenId: 'J', codeUrl: 'https://code.test/x.js' },
    );
    expect(JSON.parse(reply.body)).to.deep.equal([
      '/api/run/test/hello/a/b?x=1&key=k',
      { x: '1' },
      {
        container: 'test',
        url_format: 1,
        pb: 2,
        mb: 0,
        resolved_modules: null,
        jtn: 'hello',
        url: 'https://code.test/x.js',
        jti: 'J',
        token: 'T',
      },
      true,
    ]);
  });
});

describe('a webtask { fetch }', () => {
  const code = (body: string) => `export default { async fetch(request, context) { ${body} } }`;

  it('answers with its web-standard response', async () => {
    const reply = await run(
      code(
        'return new Response("made", { status: 201, headers: [["X-A", "1"], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]] })',
      ),
    );
    expect(reply).to.deep.equal({
      status: 201,
      headers: { 'content-type': 'text/plain;charset=UTF-8', 'x-a': '1', 'set-cookie': 'b=2' },
      body: 'made',
      source: 'webtask',
    });
  });

  it('gets a web-standard request and the context', async () => {
    const reply = await run(
      code(
        'return Response.json([request.method, request.url, request.headers.get("x-a"), await request.json(), context.secrets.S])',
      ),
      {
        method: 'PUT',
        url: '//evil.test/?a=1',
        rawHeaders: ['Host', 'here.test', 'X-A', '1', 'Content-Length', '7'],
        body: '{"b":2}',
      },
      { secrets: { S: 'secret' } },
    );
    expect(JSON.parse(reply.body)).to.deep.equal(['PUT', 'http://here.test//evil.test/?a=1', '1', { b: 2 }, 'secret']);
  });

  it('that returns no response is an error', async () => {
    expect(JSON.parse((await run(code('return "text"'))).body)).to.include({
      code: 400,
      details: 'TypeError: fetch(request, context) must return a Response',
    });
  });
});
