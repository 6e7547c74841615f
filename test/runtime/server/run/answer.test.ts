import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { expect } from 'chai';
import {
  type Answer,
  apiError,
  ask,
  proxyError,
  run,
  runCode,
  startTestServer,
  type TestServer,
} from '../../../support/server.ts';

describe('the answer of a webtask', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  beforeEach(() => server.lines.splice(0));
  after(() => server.close());

  /** Sends code and gives the answer as soon as its head is there. */
  const open = async (code: string, agent: Agent | false = false): Promise<IncomingMessage> => {
    const headers = { Authorization: `Bearer ${server.sign()}` };
    const call = request(`${server.url}/api/run/test`, { method: 'POST', headers, agent }).end(code);
    const [answer] = await once(call, 'response');
    return answer;
  };
  /** What every run has, for browsers. */
  const OURS = { 'referrer-policy': 'no-referrer', vary: 'Origin' };
  /** Without what no two answers have in common. */
  const comparable = ({ status, headers: { date, 'server-timing': timing, ...headers }, body }: Answer): Answer => {
    expect(timing).to.match(/^auth;dur=\d+\.\d, compile;dur=\d+\.\d, run;dur=\d+\.\d$/);
    return { status, headers, body };
  };

  it('has the headers of the webtask, and ours', async () => {
    const code = `return (ctx, req, res) => {
      res.writeHead(201, 'Made', { 'X-One': '1', 'Set-Cookie': ['a=1', 'b=2'], 'x-wt-response-source': 'forged' });
      res.end('made');
    }`;
    expect(comparable(await runCode(server, code))).to.deep.equal({
      status: 201,
      headers: {
        'x-one': '1',
        'set-cookie': ['a=1; Path=/api/run/test', 'b=2; Path=/api/run/test'],
        ...OURS,
        'x-wt-response-source': 'webtask',
        'transfer-encoding': 'chunked',
        connection: 'close',
      },
      body: 'made',
    });
  });

  it('has the Server-Timing of the webtask alone where it sends one', async () => {
    const code = 'return (ctx, req, res) => { res.setHeader("server-TIMING", ["db;dur=5", "x"]); res.end() }';
    expect((await runCode(server, code)).headers['server-timing']).to.equal('db;dur=5, x');
  });

  it('tells no timing of a run that was refused', async () => {
    const refused = await ask(`${server.url}/api/run/test`, { method: 'POST', body: 'x' });
    expect([refused.status, refused.headers['server-timing']]).to.deep.equal([403, undefined]);
  });

  it('has the words that the webtask gave its status', async () => {
    const answer = await open('return (ctx, req, res) => { res.writeHead(299, "Fine, thanks"); res.end() }');
    expect([answer.statusCode, answer.statusMessage]).to.deep.equal([299, 'Fine, thanks']);
    answer.resume();
  });

  it('has none of the headers that belong to one connection', async () => {
    const code = `return (ctx, req, res) => {
      res.setHeader('Connection', 'close, X-Hop');
      for (const name of ['Keep-Alive', 'Proxy-Connection', 'Proxy-Authenticate', 'TE', 'Trailer', 'Upgrade', 'X-Hop', 'X-End'])
        res.setHeader(name, 'x');
      res.end('it');
    }`;
    const agent = new Agent({ keepAlive: true });
    const answer = await open(code, agent);
    answer.resume();
    expect(Object.keys(answer.headers)).to.have.members([
      'transfer-encoding',
      'server-timing',
      'x-end',
      ...Object.keys(OURS),
      'x-wt-response-source',
      'date',
      'connection',
      'keep-alive',
    ]);
    expect(answer.headers.connection).to.equal('keep-alive');
    await once(answer, 'end');
    agent.destroy();
  });

  it('has a head and no body where only the head is asked for', async () => {
    const token = await server.mint('head.js', 'return cb => cb(null, "hello")');
    expect(comparable(await run(server, token, { method: 'HEAD' }))).to.deep.equal({
      status: 200,
      headers: {
        'content-type': 'application/json',
        'content-length': '7',
        ...OURS,
        'x-wt-response-source': 'webtask',
        connection: 'close',
      },
      body: '',
    });
    expect(
      apiError({
        ...(await ask(`${server.url}/api/run/test`, { method: 'HEAD' })),
        body: '{"req_id":"1234567890123.1"}',
      }),
    ).to.deep.equal({
      status: 403,
      type: 'application/json',
      source: 'proxy',
    });
  });

  it('names the webtask as the source of its errors', async () => {
    const answer = await runCode(server, 'return cb => cb(Object.assign(new Error("no"), { statusCode: 418 }))');
    expect(answer.status).to.equal(418);
    expect(answer.headers['x-wt-response-source']).to.equal('webtask');
    expect(JSON.parse(answer.body)).to.include({ code: 418, error: 'Script returned an error.', message: 'no' });
  });

  it('is a 504 of the platform where there is none in time', async () => {
    const slow = await startTestServer(20);
    const answer = await runCode(slow, 'return cb => undefined');
    expect(apiError(answer)).to.deep.equal(proxyError(504, 'webtask.js did not answer within 20 ms.'));
    await slow.close();
  });

  it('is a 502 of the platform where the webtask closed its connection', async () => {
    const answer = await runCode(server, 'return (ctx, req, res) => req.socket.destroy()');
    expect(apiError(answer)).to.deep.equal(proxyError(502, 'webtask.js closed the connection without an answer.'));
    expect(server.errors).to.deep.equal([]);
  });

  it('is a 400 where the body is larger than what is parsed', async () => {
    const token = await server.mint('large.js', 'return (ctx, cb) => cb(null, ctx.body_raw.length)');
    const send = (bytes: number) => run(server, token, { method: 'POST', body: 'x'.repeat(bytes) });
    expect((await send(1024 * 1024)).body).to.equal('1048576');
    expect(apiError(await send(1024 * 1024 + 1))).to.deep.equal(proxyError(400, 'Script exceeds the size limit.'));
  });

  describe('that comes in pieces', () => {
    it('arrives piece by piece, its head before anything else', async () => {
      const answer = await open(`return (ctx, req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' });
        res.flushHeaders();
        global.answerTest = res;
      }`);
      expect(answer.headers['content-type']).to.equal('text/event-stream');
      const pieces = answer.setEncoding('utf8')[Symbol.asyncIterator]();
      for (const piece of ['data: 1\n\n', 'data: 2\n\n']) {
        await runCode(server, `return cb => { global.answerTest.write(${JSON.stringify(piece)}); cb() }`);
        expect((await pieces.next()).value).to.equal(piece);
      }
      await runCode(server, 'return cb => { global.answerTest.end(); delete global.answerTest; cb() }');
      expect((await pieces.next()).done).to.equal(true);
    });

    it('is written only as fast as it is read', async () => {
      const total = 64;
      const answer = await open(`const piece = Buffer.alloc(1024 * 1024, 'x');
        return (ctx, req, res) => {
          global.written = 0;
          const write = () => {
            while (global.written < ${total}) if (!res.write(piece, () => {}) | !++global.written) return res.once('drain', write);
            res.end();
          };
          write();
        }`);
      const written = async () => Number((await runCode(server, 'return cb => cb(null, global.written)')).body);
      // Other requests are the clock: the writer had many turns when nothing was written during 20 of them.
      for (let same = 0, last = -1; same < 20; ) {
        const now = await written();
        same = now === last ? same + 1 : 0;
        last = now;
      }
      expect(await written()).to.be.lessThan(total);
      let bytes = 0;
      for await (const chunk of answer as AsyncIterable<Buffer>) bytes += chunk.length;
      expect(bytes).to.equal(total * 1024 * 1024);
      expect(await written()).to.equal(total);
    });

    it('is cut off where the webtask fails in the middle, so that it does not look whole', async () => {
      const broken = 'return (ctx, req, res) => { res.write("half"); setImmediate(() => { throw new Error("no") }) }';
      const { code } = await runCode(server, broken).catch((error) => error); // with its head or before it
      expect(code).to.equal('ECONNRESET');
    });
  });

  describe('whose length is said', () => {
    const said = (length: string, body: string) =>
      runCode(server, `return (ctx, req, res) => { res.setHeader('Content-Length', ${length}); res.end('${body}') }`);

    it('has that length', async () => {
      expect((await said('"4"', 'four')).headers['content-length']).to.equal('4');
    });

    for (const length of ['3', '5']) {
      it(`is cut off where it has 4 bytes and not the ${length} that were said, since the rest would be another answer`, async () => {
        const { code } = await said(length, 'four').catch((error) => error);
        expect(code).to.equal('ECONNRESET');
      });
    }

    for (const length of ['"four"', '["4", "4"]', '"-4"', '"4, 5"', '"0x4"']) {
      it(`is sent in chunks where ${length} is no length`, async () => {
        const { headers, body } = await said(length, 'four');
        expect([headers['content-length'], headers['transfer-encoding'], body]).to.deep.equal([
          undefined,
          'chunked',
          'four',
        ]);
      });
    }

    for (const status of [204, 304]) {
      it(`may be without a body, with ${status}`, async () => {
        const code = `return (ctx, req, res) => { res.writeHead(${status}, { 'Content-Length': '4' }); res.end() }`;
        expect(await runCode(server, code)).to.include({ status, body: '' });
      });
    }
  });

  describe('whose caller went away', () => {
    it('is not waited for: the webtask is told, as a server of its own would tell it', async () => {
      const answer = await open(`return (ctx, req, res) => {
        res.once('close', () => console.log('closed', res.writableEnded));
        res.write('first');
      }`);
      answer.destroy();
      await server.printed('test | closed false');
    });

    it('is told also before it began to answer', async () => {
      const token = await server.mint(
        'silent.js',
        'return (ctx, req, res) => { res.once("close", () => console.log("closed")); console.log("runs") }',
      );
      const call = request(`${server.url}/api/run/test?key=${token}`, { agent: false }).end();
      call.once('error', () => undefined);
      await server.printed('test | runs');
      call.destroy();
      await server.printed('test | closed');
      expect(server.errors).to.deep.equal([]);
    });

    it('does not begin where its code came only then', async () => {
      let arrive = (_code: string): void => undefined;
      server.files['late.js'] = new Promise((resolve) => {
        arrive = resolve;
      });
      const url = server.urlOf('late.js');
      const call = request(`${server.url}/api/run/test?key=${server.sign({ url })}`, { agent: false }).end();
      call.once('error', () => undefined);
      const [socket] = await once(call, 'socket');
      await once(socket, 'connect');
      await runCode(server, 'return cb => cb()'); // what came before has been read when this is answered
      call.destroy();
      await runCode(server, 'return cb => cb()');
      arrive('return cb => { console.log("ran"); cb() }');
      expect((await run(server, server.sign({ url }))).status).to.equal(200);
      expect(server.lines).to.deep.equal(['test | ran']);
    });

    it('does not run at all where its code was still on its way', async () => {
      const call = request(`${server.url}/api/run/test?key=${server.sign()}`, {
        method: 'POST',
        headers: { 'Content-Length': 1000 },
        agent: false,
      });
      call.once('error', () => undefined);
      const arrived = once(call, 'socket').then(([socket]) => once(socket, 'connect'));
      call.write('return cb => cb() //');
      await arrived;
      await runCode(server, 'return cb => cb()'); // what came before has been read when this is answered
      call.destroy();
      await runCode(server, 'return cb => cb()');
      expect(server.errors).to.deep.equal([]);
    });
  });
});
