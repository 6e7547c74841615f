import { once } from 'node:events';
import { expect } from 'chai';
import { converse, exchange, readError } from '../../../support/raw-http.ts';
import { runCode, startTestServer, type TestServer } from '../../../support/server.ts';

const TOO_SLOW = { status: 408, message: 'the request did not arrive in time', closes: true };

/** As short as a test can wait for, and long enough for a busy machine to send what is in time. */
const SHORT = 150;

describe('a caller that is slow on purpose', () => {
  let server: TestServer;
  const start = async (timeLimits: object): Promise<void> => {
    server = await startTestServer(5_000, { timeLimits: { checkEvery: 20, ...timeLimits } });
  };
  afterEach(() => server.close());

  it('is cut off where its headers do not come, however it drips them', async () => {
    await start({ headers: SHORT });
    const { socket, closed } = converse(server.url, ['GET / HTTP/1.1\r\nHost: a\r\n']);
    const drip = setInterval(() => socket.write('X-A: 1\r\n'), 20);
    socket.once('close', () => clearInterval(drip));
    expect(readError(await closed)).to.deep.equal(TOO_SLOW);
  });

  it('is cut off where it never says anything', async () => {
    await start({ headers: SHORT });
    expect(readError(await exchange(server.url))).to.deep.equal(TOO_SLOW);
  });

  const post = (length: number) =>
    `POST /api/run/test?key=${server.sign()} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

  it('is told so where its body stops coming, and nothing ran', async () => {
    await start({ bodyIdle: SHORT });
    const code = 'return cb => { console.log("ran"); cb() }//';
    expect(readError(await exchange(server.url, post(1000), code))).to.deep.equal(TOO_SLOW);
    expect(server.lines).to.deep.equal([]);
    expect(server.errors).to.deep.equal([]);
  });

  it('is not taken for slow as long as its body goes on', async () => {
    await start({ bodyIdle: SHORT });
    const code = 'return cb => cb(null, 1)';
    const { socket, received } = converse(server.url, [post(code.length)]);
    for (const byte of code) {
      socket.write(byte);
      await new Promise((resolve) => setTimeout(resolve, SHORT / 10));
    }
    expect(await received('\r\n\r\n1')).to.contain('HTTP/1.1 200 OK');
    socket.destroy();
  });

  it('is told so where the whole of its body takes too long, however it drips it', async () => {
    await start({ request: 3 * SHORT, headers: SHORT });
    const { socket, closed } = converse(server.url, [post(1000)]);
    const drip = setInterval(() => socket.write('/'), 20);
    socket.once('close', () => clearInterval(drip));
    expect(readError(await closed)).to.deep.equal(TOO_SLOW);
    expect(server.errors).to.deep.equal([]);
  });

  it('is not taken for slow where it waits for a webtask that is', async () => {
    await start({ headers: 50, bodyIdle: 50, request: 200, keepAlive: 50, answerIdle: 50 });
    const { body } = await runCode(server, 'return cb => setTimeout(cb, 400, null, "late")');
    expect(body).to.equal('"late"');
  });

  it('is not kept connected where it asks for nothing more', async () => {
    await start({ keepAlive: SHORT });
    const { socket, received, closed } = converse(server.url, ['GET /favicon.ico HTTP/1.1\r\nHost: a\r\n\r\n']);
    expect(await received('\r\n\r\n')).to.contain('HTTP/1.1 404');
    const answeredAt = performance.now();
    await closed;
    expect(socket.destroyed).to.equal(true);
    expect(performance.now() - answeredAt).to.be.within(SHORT / 2, 5_000);
  });

  it('is cut off where it does not take its answer, and the webtask is told', async () => {
    await start({ answerIdle: SHORT });
    const code = `return (ctx, req, res) => {
      res.once('close', () => console.log('closed', res.writableFinished));
      const write = () => { while (res.write(Buffer.alloc(1024 * 1024))); res.once('drain', write); };
      write();
    }`;
    const { socket } = converse(server.url, []);
    await once(socket, 'connect');
    socket.pause();
    socket.write(post(code.length) + code);
    await server.printed('test | closed false');
    socket.destroy();
  });

  it('may take a quiet answer for as long as the webtask likes', async () => {
    await start({ answerIdle: 50 });
    const code = 'return (ctx, req, res) => { res.write("a"); setTimeout(() => res.end("b"), 300) }';
    expect((await runCode(server, code)).body).to.equal('ab');
  });
});
