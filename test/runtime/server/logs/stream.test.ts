import { hostname } from 'node:os';
import { expect } from 'chai';
import { openRawStream, type RawStream } from '../../../support/log-stream.ts';
import { apiError, ask, proxyError, run, runCode, startTestServer, type TestServer } from '../../../support/server.ts';

const EVENTS = { Accept: 'text/event-stream' };

describe('the log stream of a container', () => {
  let server: TestServer;
  const streams: RawStream[] = [];
  before(async () => {
    server = await startTestServer();
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });
  after(() => server.close());

  const open = async (query = '', headers: Record<string, string> = {}, token = server.sign()): Promise<RawStream> => {
    const path = `/api/logs/tenant/test${query}`;
    const stream = await openRawStream(server.url, path, { Authorization: `Bearer ${token}`, ...headers });
    streams.push(stream);
    return stream;
  };
  const recordsOf = ({ chunks }: RawStream): Record<string, unknown>[] =>
    chunks.map((it) => JSON.parse(it) as Record<string, unknown>);

  it('tells of a run: its request, what it printed, its answer; one record a line, one line a write', async () => {
    const stream = await open();
    expect([stream.status, stream.headers['content-type'], stream.headers['cache-control']]).to.deep.equal([
      200,
      'application/x-ndjson',
      'no-store',
    ]);
    const code = "return (ctx, cb) => { console.warn('a\\nb'); console.log(ctx.id); cb(null, 1) }";
    await runCode(server, code, { query: '?a=1' });
    await stream.until(/finished/);
    const [first, second, third, last, ...more] = recordsOf(stream);
    expect(more).to.deep.equal([]);
    const { time, req_id: id } = first as { time: string; req_id: string };
    expect(new Date(time).toISOString()).to.equal(time);
    const common = {
      v: 0,
      name: 'webtask',
      hostname: hostname(),
      pid: process.pid,
      container: 'test',
      req_id: id,
    };
    const atTime = (record: Record<string, unknown> = {}) => ({ ...common, time: record.time });
    expect(first).to.deep.equal({
      ...atTime(first),
      level: 30,
      msg: `new webtask request ${id}`,
      from: 'platform',
      method: 'POST',
      path: '/api/run/test',
    });
    expect(second).to.deep.equal({ ...atTime(second), level: 40, msg: 'a\nb', from: 'webtask' });
    expect(third).to.deep.equal({ ...atTime(third), level: 30, msg: id, from: 'webtask' });
    const { wall_ms, cpu_ms, heap_bytes, msg, ...rest } = last ?? {};
    expect(rest).to.deep.equal({ ...atTime(last), level: 30, from: 'platform', status: 200, start: 'cold' });
    expect(msg).to.match(/^finished webtask request \d+\.\d+ with HTTP 200 in \d+ms$/);
    for (const number of [wall_ms, cpu_ms, heap_bytes]) expect(number).to.be.a('number').above(0);
  });

  it('says whether a webtask was compiled for the request', async () => {
    const stream = await open();
    const token = await server.mint('start.js', 'return cb => cb(null, 1)');
    for (const query of ['', '', '?webtask_no_cache=1']) await run(server, token, { query });
    await stream.until(/cold.*/);
    while (recordsOf(stream).length < 6) await new Promise((resolve) => stream.socket.once('data', resolve));
    const starts = recordsOf(stream).flatMap(({ start }) => (start === undefined ? [] : [start]));
    expect(starts).to.deep.equal(['cold', 'warm', 'cold']);
  });

  it('is of events where they are asked for: unnamed, one a write, with nothing before the first', async () => {
    const stream = await open('', EVENTS);
    expect(stream.headers['content-type']).to.equal('text/event-stream; charset=utf-8');
    await runCode(server, "return cb => { console.log('é\\n\\nx'); cb() }");
    await stream.until(/finished/);
    expect(stream.chunks).to.have.length(3);
    for (const [i, chunk] of stream.chunks.entries()) {
      expect(chunk).to.match(new RegExp(`^id: ${i + 1}\\ndata: {.*}\\n\\n$`));
    }
    expect(JSON.parse(stream.chunks[1]?.split('data: ')[1] ?? '')).to.include({ msg: 'é\n\nx' });
  });

  it('may be of one webtask only', async () => {
    const [pay, all] = [await open('?name=pay'), await open()];
    const code = "return cb => { console.log('here'); cb() }";
    await run(server, await server.mint('pay2.js', code, { jtn: 'other' }));
    await run(server, await server.mint('pay.js', code, { jtn: 'pay' }));
    await runCode(server, code);
    await pay.until(/finished/);
    await all.until(/finished/);
    expect(recordsOf(pay).map(({ webtask }) => webtask)).to.deep.equal(['pay', 'pay', 'pay']);
    expect(new Set(recordsOf(all).map(({ webtask }) => webtask))).to.deep.equal(new Set(['other', 'pay', undefined]));
  });

  it('tells nothing of other containers', async () => {
    const stream = await open();
    await runCode(server, 'return cb => cb()', { container: 'test' });
    const other = server.sign({ ten: 'other' });
    const headers = { Authorization: `Bearer ${other}` };
    await ask(`${server.url}/api/run/other`, { method: 'POST', headers, body: 'return cb => cb(null, 1)' });
    await stream.until(/finished/);
    expect(recordsOf(stream).every(({ container }) => container === 'test')).to.equal(true);
  });

  it('tells what a webtask does wrong without its caller seeing it', async () => {
    const stream = await open();
    const late = "return (ctx, req, res) => { res.write('a'); setImmediate(() => { throw new Error('late') }) }";
    await runCode(server, late).catch(() => undefined); // cut off
    await runCode(server, 'return cb => { cb(); cb() }');
    expect(JSON.parse(await stream.until(/late/))).to.include({ level: 50, from: 'webtask' });
    expect(JSON.parse(await stream.until(/late/)).msg).to.match(/had begun to answer when it threw Error: late\n/);
    expect(JSON.parse(await stream.until(/cut off/))).to.include({ level: 50, status: 200, from: 'platform' });
    expect(JSON.parse(await stream.until(/second time/))).to.include({ level: 50 });
    expect(server.lines.some((it) => it.includes('when it threw Error: late'))).to.equal(true);
  });

  it('cuts a text that is too long for one event, after masking it', async () => {
    const stream = await open();
    const code = "return (ctx, cb) => { console.log('x'.repeat(16380) + ctx.secrets.KEY + 'y'.repeat(100)); cb() }";
    await run(server, await server.mint('long.js', code, {}, { KEY: 's3cr3t-value' }));
    const { msg } = JSON.parse(await stream.until(/xxx/));
    expect(msg).to.equal(`${'x'.repeat(16380)}***y… and 99 characters more`);
  });

  it('answers a request for its head, and opens no stream', async () => {
    const answer = await ask(`${server.url}/api/logs/tenant/test`, {
      method: 'HEAD',
      headers: { ...EVENTS, Authorization: `Bearer ${server.sign()}` },
    });
    expect([answer.status, answer.headers['content-type']]).to.deep.equal([200, 'text/event-stream; charset=utf-8']);
  });

  describe('is refused', () => {
    const refused = async (token?: string, query = '') =>
      apiError(
        await ask(`${server.url}/api/logs/tenant/test${query}`, {
          headers: { ...EVENTS, ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
        }),
      );

    it('without a credential', async () => {
      const message = 'rejecting request without Authorization header or key URL query parameter';
      expect(await refused()).to.deep.equal(proxyError(403, message));
    });

    it('to a token of another container', async () => {
      const message = 'not authorized to perform operation on tenant `test`';
      expect(await refused(server.sign({ ten: 'other' }))).to.deep.equal(proxyError(403, message));
    });

    it('to a token of a webtask, also of the one that is asked for', async () => {
      const token = await server.mint('a.js', 'return cb => cb()', { jtn: 'a' });
      const message = 'insufficient permissions to call administrative API';
      expect(await refused(token, '?name=a')).to.deep.equal(proxyError(403, message));
    });

    it('to a token for some names, except of one of them', async () => {
      const token = server.sign({ jtnm: ['pay'] });
      const message = 'insufficient permissions to call administrative API';
      expect(await refused(token)).to.deep.equal(proxyError(403, message));
      expect(await refused(token, '?name=other')).to.deep.equal(proxyError(403, message));
      expect((await open('?name=pay', {}, token)).status).to.equal(200);
    });

    it('where the name is empty', async () => {
      const message = 'querystring/name must NOT have fewer than 1 characters';
      expect(await refused(server.sign(), '?name=')).to.deep.equal(proxyError(400, message));
    });
  });
});
