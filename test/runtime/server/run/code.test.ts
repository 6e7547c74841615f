import { expect } from 'chai';
import { sha256Hex } from '../../../../runtime/code/index.ts';
import { startOrigin } from '../../../support/origin.ts';
import { apiError, proxyError, run, runCode, startTestServer, type TestServer } from '../../../support/server.ts';

describe('the code that a server runs', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.close());

  describe('for a token with a URL', () => {
    it('is what is at that URL, for any method, and the body is data', async () => {
      const code = 'return (ctx, cb) => cb(null, { body: ctx.body, q: ctx.query })';
      const token = await server.mint('pay.js', code);
      const headers = { 'Content-Type': 'application/json' };
      expect((await run(server, token, { query: '?a=1' })).body).to.equal('{"q":{"a":"1"}}');
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await run(server, token, { method, headers, body: '{"b":2}' });
        expect(answer.body, method).to.equal('{"body":{"b":2},"q":{}}');
      }
    });

    it('is not the one that the request names', async () => {
      server.files['other.js'] = 'return cb => cb(null, "other")';
      const token = await server.mint('pay.js', 'return cb => cb(null, "pay")');
      const query = `?webtask_url=${server.urlOf('other.js')}`;
      expect(
        (await run(server, token, { query, method: 'POST', body: 'return cb => cb(null, "sent")' })).body,
      ).to.equal('"pay"');
    });

    it('is refused where it is not the code that the token was minted for', async () => {
      const minted = 'return cb => cb(null, "minted")';
      const token = await server.mint('pay.js', minted);
      server.files['pay.js'] = 'return cb => cb(null, "changed")';
      expect(apiError(await run(server, token))).to.deep.equal(
        proxyError(
          403,
          `The code at ${server.urlOf('pay.js')} is not the code that the token was minted for: its SHA-256 is ${sha256Hex(server.files['pay.js'])}, not ${sha256Hex(minted)}.`,
        ),
      );
      server.files['pay.js'] = minted;
      expect((await run(server, token)).body).to.equal('"minted"');
    });

    it('is refused where its origin was not allowed, and nothing is asked of that origin', async () => {
      const inside = await startOrigin((_, res) => res.end('return cb => cb(null, "inside")'));
      const url = `${inside.origin}/pay.js`;
      expect(apiError(await run(server, server.sign({ url })))).to.deep.equal(
        proxyError(403, `The code of the webtask cannot be fetched from ${url}: 127.0.0.1 is not a public address.`),
      );
      expect(inside.requests).to.have.length(0);
      await inside.close();
    });

    it('is reported as missing with the status of its URL', async () => {
      expect(apiError(await run(server, server.sign({ url: server.urlOf('gone.js') })))).to.deep.equal(
        proxyError(
          502,
          `The code of the webtask cannot be fetched from ${server.urlOf('gone.js')}: the answer was 404.`,
        ),
      );
      expect(server.errors).to.deep.equal([]);
    });

    it('is asked for again where the request says so, and the token does not pin it', async () => {
      const url = server.urlOf('pay.js');
      server.files['pay.js'] = 'return cb => cb(null, 1)';
      const token = server.sign({ url });
      const body = async (query = '') => (await run(server, token, { query })).body;
      expect(await body()).to.equal('1');
      server.files['pay.js'] = 'return cb => cb(null, 2)';
      expect(await body()).to.equal('1');
      expect(await body('?webtask_no_cache=1')).to.equal('2');
    });

    it('is TypeScript where its URL says so', async () => {
      const code = 'export default (cb: (e: null, r: string) => void): void => cb(null, "typed" as string);';
      expect((await run(server, await server.mint('pay.ts', code))).body).to.equal('"typed"');
      expect((await run(server, await server.mint('pay.js', code))).status).to.equal(400);
    });
  });

  describe('for a token without one', () => {
    it('is what is at webtask_url, and the body is data', async () => {
      server.files['sum.js'] = 'return (ctx, cb) => cb(null, ctx.body)';
      const query = `?webtask_url=${encodeURIComponent(server.urlOf('sum.js'))}`;
      const headers = { 'Content-Type': 'application/json' };
      expect((await runCode(server, '{"a":1}', { query, headers })).body).to.equal('{"a":1}');
      server.files['sum.ts'] = 'module.exports = (cb: Function) => cb(null, "typed")';
      expect((await run(server, server.sign(), { query: query.replace('.js', '.ts') })).body).to.equal('"typed"');
    });

    for (const type of [undefined, 'application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
      it(`is the body, although its type is ${type}, and then there is no other body`, async () => {
        const code = 'return (ctx, cb) => cb(null, [Object.keys(ctx).filter((it) => /body/.test(it)), ctx.data])';
        const headers = type === undefined ? {} : { 'Content-Type': type };
        for (const query of ['', '?webtask_pb=1&webtask_mb=1']) {
          expect((await runCode(server, code, { headers, query })).body).to.equal('[[],{}]');
        }
      });
    }

    it('may read its request to the end, which is at once', async () => {
      const code =
        'return (ctx, req, res) => { let n = 0; req.on("data", (it) => { n += it.length }).on("end", () => res.end(String(n))) }';
      expect((await runCode(server, code)).body).to.equal('0');
    });

    it('takes a body in pieces as it takes one', async () => {
      const code = 'return cb => cb(null, "ä")';
      const headers = { 'Transfer-Encoding': 'chunked' };
      expect((await runCode(server, code, { headers })).body).to.equal('"ä"');
    });

    it('is refused where it is larger than five MiB, however it is sent', async () => {
      const fill = (bytes: number): string => 'return cb => cb(null, 1) //'.padEnd(bytes, ' ');
      expect((await runCode(server, fill(5 * 1024 * 1024))).body).to.equal('1');
      for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
        expect(apiError(await runCode(server, fill(5 * 1024 * 1024 + 1), { headers }))).to.deep.equal(
          proxyError(400, 'Script exceeds the size limit.'),
        );
      }
    });

    it('is missed where there is none', async () => {
      const message = 'the request has no code to run: send it as the body of a POST, or its URL as webtask_url';
      for (const method of ['GET', 'POST', 'DELETE']) {
        expect(apiError(await run(server, server.sign(), { method, body: '' }))).to.deep.equal(
          proxyError(400, message),
        );
      }
    });
  });

  describe('that does not compile', () => {
    it('is refused with the words of the original and the author’s line, by the compiler', async () => {
      const { status, headers, body } = await runCode(server, '\n\nreturn cb => cb(null,, 1)');
      const { stack, ...members } = JSON.parse(body);
      expect({ status, type: headers['content-type'], source: headers['x-wt-response-source'], members }).to.deep.equal(
        {
          status: 400,
          type: 'application/json',
          source: 'compiler',
          members: { code: 400, message: members.message, error: members.message.replace('Compilation failed: ', '') },
        },
      );
      expect(members.message).to.match(/^Compilation failed: Unexpected ","/);
      expect(stack).to.match(/webtask\.js:3/);
    });

    it('is refused where it exports no function', async () => {
      const { status, headers, body } = await runCode(server, 'module.exports = { a: 1 }');
      expect({ status, source: headers['x-wt-response-source'], body: JSON.parse(body) }).to.deep.equal({
        status: 400,
        source: 'compiler',
        body: {
          code: 400,
          message: 'Invalid webtask code',
          error: 'Supplied code must return or export a function. It exported an object with a.',
        },
      });
    });

    it('is tried again with the next request, since a missing module may be there by then', async () => {
      const code = 'if (!global.serverTestIsReady) throw new Error("not yet"); return cb => cb(null, "ready")';
      const token = server.sign();
      const body = async () => (await run(server, token, { method: 'POST', body: code })).body;
      expect(JSON.parse(await body()).message).to.equal('Compilation failed: not yet');
      await runCode(server, 'global.serverTestIsReady = true; return cb => cb()');
      expect(await body()).to.equal('"ready"');
      await runCode(server, 'delete global.serverTestIsReady; return cb => cb()');
    });
  });

  it('is compiled once for a token and a container, which may be another’s', async () => {
    const code = 'const id = Math.random(); return cb => cb(null, id)';
    const [one, two] = [server.sign({ ten: 'a,b' }), server.sign({ ten: 'a,b' })];
    const id = async (token: string, container: string) =>
      (await run(server, token, { container, method: 'POST', body: code })).body;
    const first = await id(one, 'a');
    expect(await id(one, 'a')).to.equal(first);
    expect(new Set([first, await id(one, 'b'), await id(two, 'a'), await id(two, 'b')])).to.have.property('size', 4);
  });

  it('ends nothing when it fails in the background while it loads', async () => {
    const failing = 'setImmediate(() => { throw new Error("late") }); Promise.reject(new Error("later"));';
    expect((await runCode(server, `${failing} return cb => setImmediate(cb)`)).body).to.equal('{}');
    const late = server.lines
      .filter((line) => !/^test \| {5}at /.test(line))
      .map((line) => line.replace(/ \/.*webtask\.js/, ' FILE'));
    expect(late).to.have.members([
      'test | FILE was loaded when it threw Error: late',
      'test | FILE was loaded when it threw Error: later',
    ]);
    expect((await runCode(server, 'return cb => cb(null, 1)')).body).to.equal('1');
  });
});
