import { Readable } from 'node:stream';
import { expect } from 'chai';
import Runtime, * as named from '../../../runtime/harness/webtask-runtime.ts';
import { described, jsonOf, simulated } from './webtask-runtime/support.ts';

describe('webtask-kit/webtask-runtime', () => {
  it('is imported by name and as one object, so that both forms of an existing import work', () => {
    const { default: whole, ...each } = named;
    expect(whole).to.deep.equal(each);
    expect(Runtime).to.include({ PARSE_NEVER: 0, PARSE_ALWAYS: 1, PARSE_ON_ARITY: 2 });
    expect(Object.keys(each).filter((name) => !name.startsWith('PARSE_'))).to.deep.equal([
      'compile',
      'createContext',
      'createServer',
      'createStorage',
      'simulate',
    ]);
  });
});

describe('simulate', () => {
  it('runs a function, or code, of one, two or three parameters', async () => {
    const answer = { statusCode: 200, statusMessage: 'OK', payload: '"hello"' };
    for (const webtask of [
      'return function (cb) { cb(null, "hello"); }',
      'module.exports = function (ctx, cb) { cb(null, "hello"); }',
      'module.exports = function (ctx, req, res) { res.end(JSON.stringify("hello")); }',
      'export default async () => {}; module.exports = (cb) => cb(null, "hello");',
    ]) {
      expect(await simulated(webtask), webtask).to.include(answer);
    }
    expect(await simulated((cb) => cb(null, 'hello'))).to.include(answer);
    expect(await simulated((_ctx, cb) => cb(null, 'hello'))).to.include(answer);
    expect(await simulated((_ctx, _req, res) => res.end('"hello"'))).to.include(answer);
  });

  it('needs no options', (done) => {
    Runtime.simulate(
      (cb) => cb(null, 1),
      (res) => {
        expect(res.payload).to.equal('1');
        done();
      },
    );
  });

  it('gives the whole response, headers as they were set', async () => {
    const bytes = Buffer.from([0xff, 0x00]);
    const res = await simulated((_ctx, _req, res) => {
      res.setHeader('Set-Cookie', ['a', 'b']);
      res.writeHead(201, 'Made', { 'X-Size': 2 });
      res.end(bytes);
    });
    const { raw, ...rest } = res;
    expect(rest).to.deep.equal({
      statusCode: 201,
      statusMessage: 'Made',
      headers: { 'set-cookie': ['a', 'b'], 'x-size': 2 },
      payload: bytes.toString(),
      rawPayload: bytes,
      trailers: {},
    });
    expect(raw.res.statusCode).to.equal(201);
    expect(raw.req.method).to.equal('GET');
  });

  it('sends what the original sent: host, user agent, type and length of the body', async () => {
    const echo = (_ctx: object, req: { method?: string; url?: string; headers: object; socket: object }, res: Echo) =>
      res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers }));
    type Echo = { end(text: string): void };
    expect(await jsonOf(echo)).to.deep.equal({
      method: 'GET',
      url: '/',
      headers: { host: 'localhost:80', 'user-agent': 'shot' },
    });
    const options = {
      url: 'https://example.com/a b?x=1#top',
      method: 'post',
      payload: { a: 'ü' },
      query: { y: [1, 2] },
    };
    expect(await jsonOf(echo, { ...options, headers: { 'X-A': 7, absent: undefined } })).to.deep.equal({
      method: 'POST',
      url: '/a%20b?x=1&y=1&y=2',
      headers: {
        host: 'example.com:443',
        'user-agent': 'shot',
        'content-type': 'application/json',
        'content-length': '10',
        'x-a': '7',
      },
    });
    const { headers } = await jsonOf(echo, { authority: 'here:1' });
    expect(headers.host).to.equal('here:1');
  });

  it('lets the webtask read the body itself, of any kind, where it is not parsed', async () => {
    const read = async (_ctx: object, req: Readable, res: { end(text: string): void }) => {
      let text = '';
      for await (const chunk of req) text += chunk;
      res.end(text);
    };
    for (const payload of ['text', Buffer.from('text'), Readable.from([Buffer.from('te'), Buffer.from('xt')])]) {
      expect((await simulated(read as never, { method: 'POST', payload })).payload).to.equal('text');
    }
  });

  it('tells the webtask where the request is said to come from', async () => {
    const peer = await jsonOf((_ctx, req, res) => res.end(JSON.stringify(req.socket.remoteAddress)), {
      remoteAddress: '192.0.2.1',
    });
    expect(peer).to.equal('192.0.2.1');
  });

  it('gives secrets, params and meta of any type to context and code, as copies', async () => {
    const given = { secrets: { a: { b: 1 } }, params: { c: [2] }, meta: { d: '3' } };
    const code = `const { secrets, params, meta } = module.webtask;
      module.exports = (ctx, cb) => { ctx.secrets.a.b++; cb(null, [secrets, params, meta, ctx.data]); };`;
    expect(await jsonOf(code, given)).to.deep.equal([{ a: { b: 1 } }, { c: [2] }, { d: '3' }, { a: { b: 2 }, c: [2] }]);
    expect(given.secrets).to.deep.equal({ a: { b: 1 } });
  });

  it('shows the key `key` of the query, which the platform hid, but none that begins with webtask_', async () => {
    const query = await jsonOf((ctx, cb) => cb(null, ctx.query), { url: '/?key=k&webtask_no_cache=1&a=1&a=2' });
    expect(query).to.deep.equal({ a: ['1', '2'], key: 'k' });
  });

  it('gives req.x_wt what adapters look for, and a token that is signed with `signature`', async () => {
    const { default: jwt } = await import('jsonwebtoken');
    const options = { container: 'c', url_format: 1, reqId: 'r', signature: 'secret', secrets: { a: 1 } } as const;
    const { token, ...rest } = await jsonOf((_ctx, req, res) => res.end(JSON.stringify(req.x_wt)), options);
    const parameters = { container: 'c', url_format: 1, req_id: 'r', pb: 0, mb: 0, ectx: { a: 1 }, pctx: {}, meta: {} };
    expect(rest).to.deep.equal(parameters);
    expect(jwt.verify(token, 'secret')).to.include({ ten: 'c', dd: 1 });
  });

  it('passes the context that it is given in place of its own', async () => {
    expect(await jsonOf((ctx, cb) => cb(null, ctx), { context: { mine: 1 } })).to.deep.equal({ mine: 1 });
  });

  it('writes heads through writeHead, where it is given', async () => {
    const writeHead: Parameters<typeof simulated>[1] = { writeHead: (res) => res.writeHead(202, { 'X-A': 'b' }) };
    expect(await simulated((cb) => cb(), writeHead)).to.deep.include({ statusCode: 202, headers: { 'x-a': 'b' } });
  });

  it('answers a preflight, and with shortcutFavicon an icon, without the webtask', async () => {
    const asked = { origin: 'http://a', 'access-control-request-method': 'PUT' };
    const preflight = await simulated((cb) => cb(null, 1), { method: 'OPTIONS', headers: asked });
    expect(preflight).to.deep.include({
      statusCode: 200,
      payload: '',
      headers: {
        'access-control-allow-origin': 'http://a',
        'access-control-allow-methods': 'PUT',
        'access-control-allow-credentials': 'true',
        'access-control-max-age': '60000',
      },
    });
    expect((await simulated((cb) => cb(null, 1), { method: 'OPTIONS' })).payload).to.equal('1');
    const icon = { url: '/favicon.ico', shortcutFavicon: true };
    expect(await simulated((cb) => cb(null, 1), icon)).to.include({ statusCode: 404, payload: '' });
  });

  it('refuses what is neither code nor a function', () => {
    // @ts-expect-error: what a wrong import gives
    expect(() => Runtime.simulate({}, () => undefined))
      .to.throw('Supplied code must return or export a function. It exported a value of type object.')
      .with.property('code', 'COMPILE_NOT_A_FUNCTION');
  });
});

describe('the body of a simulated request', () => {
  const body = (parseBody?: boolean | 0 | 1 | 2, rest = {}) =>
    jsonOf((ctx, cb) => cb(null, [ctx.body, ctx.body_raw, ctx.data]), {
      ...{ method: 'POST', payload: { a: 1, s: 2 }, secrets: { s: 1 } },
      ...(parseBody !== undefined && { parseBody }),
      ...rest,
    });
  const RAW = '{"a":1,"s":2}';

  it('is parsed where parseBody or the query says so, and not by default', async () => {
    expect(await body()).to.deep.equal([null, null, { s: 1 }]);
    expect(await body(Runtime.PARSE_NEVER)).to.deep.equal([null, null, { s: 1 }]);
    for (const on of [true, Runtime.PARSE_ALWAYS, Runtime.PARSE_ON_ARITY] as const) {
      expect(await body(on)).to.deep.equal([{ a: 1, s: 2 }, RAW, { s: 1 }]);
    }
    expect(await body(0, { url: '/?webtask_pb=1&webtask_mb=1' })).to.deep.equal([{ a: 1, s: 2 }, RAW, { s: 1, a: 1 }]);
  });

  it('is merged into context.data, and never over a secret', async () => {
    expect((await body(1, { mergeBody: true }))[2]).to.deep.equal({ s: 1, a: 1 });
  });

  it('is parsed for (context, req, res) too, also under PARSE_ON_ARITY, as in the original', async () => {
    const options = { method: 'POST', payload: { a: 1 }, parseBody: Runtime.PARSE_ON_ARITY } as const;
    expect(await jsonOf((ctx, _req, res) => res.end(JSON.stringify(ctx.body)), options)).to.deep.equal({ a: 1 });
  });

  it('is JSON where it has no type, and its text where it has another', async () => {
    expect((await body(1, { payload: '{"b":2}' }))[0]).to.deep.equal({ b: 2 });
    const form = { payload: 'b=2', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } };
    expect((await body(1, form))[0]).to.deep.equal({ b: '2' });
    expect((await body(1, { payload: '{"b"' })).slice(0, 2)).to.deep.equal([null, '{"b"']);
  });

  it('is refused above maxBodySize', async () => {
    const options = { method: 'POST', payload: '0'.repeat(500_000), parseBody: true, maxBodySize: 100 };
    const message = 'Script exceeds the size limit of 100.';
    expect(await simulated((cb) => cb(), options)).to.include({
      statusCode: 400,
      payload: described(400, 'Script exceeds the size limit.', `Error: ${message}`, { name: 'Error', message }),
    });
  });
});
