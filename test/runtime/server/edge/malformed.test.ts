import { connect } from 'node:net';
import { expect } from 'chai';
import { proxyError, runCode, startTestServer, type TestServer } from '../../../support/server.ts';

describe('what cannot be read as a request', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  /** Sends bytes on one connection and gives what came back until it was closed. */
  const exchange = (...parts: string[]): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      for (const part of parts) socket.write(part);
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', () => undefined).once('close', () => resolve(text));
    });
  const read = (text: string): Record<string, unknown> => {
    const [head = '', body = ''] = text.split('\r\n\r\n');
    const [first = '', ...headers] = head.split('\r\n');
    const named = new Map(headers.map((it) => it.split(': ') as [string, string]));
    const { req_id, ...members } = JSON.parse(body);
    expect(req_id).to.match(/^\d{13}\.\d{1,5}$/);
    expect(named.get('Connection')).to.equal('close');
    expect(named.get('Content-Length')).to.equal(String(Buffer.byteLength(body)));
    const [type, source] = [named.get('Content-Type'), named.get('x-wt-response-source')];
    return { status: Number(first.split(' ')[1]), type, source, ...members };
  };

  for (const bytes of [
    'hello\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nb ad: 1\r\n\r\n',
  ]) {
    it(`is answered with the reason: ${JSON.stringify(bytes)}`, async () => {
      const { message, ...members } = read(await exchange(bytes));
      // The reason is in the words of the parser, which differ between versions of Node.
      expect(message).to.match(/^the request cannot be read as HTTP\/1\.1: .*[a-z]{6}/i);
      expect(members).to.deep.equal({ status: 400, type: 'application/json', source: 'proxy', code: 400 });
    });
  }

  it('may have headers that are too large', async () => {
    const large = `GET / HTTP/1.1\r\nHost: a\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`;
    expect(read(await exchange(large))).to.deep.equal(proxyError(431, 'the headers of the request are too large'));
  });

  it('ends its connection, and no other', async () => {
    await exchange('hello\r\n\r\n');
    expect((await runCode(server, 'return cb => cb(null, 1)')).body).to.equal('1');
    expect(server.errors).to.deep.equal([]);
  });

  describe('behind requests that can', () => {
    const CODE = 'return (ctx, req, res) => { res.write("part"); setTimeout(() => res.end("whole"), 50) }';
    const run = (): string => {
      const head = `POST /api/run/test?key=${server.sign()} HTTP/1.1\r\nHost: a\r\nContent-Length: ${CODE.length}`;
      return `${head}\r\n\r\n${CODE}`;
    };

    it('is not answered into their answers, which are whole, and ends the connection', async () => {
      const text = await exchange(run(), 'hello\r\n\r\n');
      expect(text).not.to.contain('cannot be read');
      expect(text).to.match(/\r\n4\r\npart\r\n5\r\nwhole\r\n0\r\n\r\n$/);
    });

    it('keeps none of several from its answer, in their order', async () => {
      const healthy = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
      const text = await exchange(`${healthy}${run()}${healthy}hello\r\n\r\n`, 'and more\r\n\r\n');
      expect(text.match(/ok"|part\r\n5\r\nwhole|cannot/g)).to.deep.equal(['ok"', 'part\r\n5\r\nwhole', 'ok"']);
    });
  });
});
