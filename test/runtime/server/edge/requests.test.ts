import { expect } from 'chai';
import { testIsolation } from '../../../support/isolation.ts';
import { converse, exchange, readAnswer, readError } from '../../../support/raw-http.ts';
import { startTestServer, type TestServer } from '../../../support/server.ts';

const UNREADABLE = 'the request cannot be read as HTTP/1.1: ';

describe('a request that comes to the server', () => {
  let server: TestServer;
  let echo: string;
  before(async () => {
    server = await startTestServer();
    const code =
      'return (ctx, req, res) => res.end(JSON.stringify({ url: req.url, headers: req.headers, raw: req.rawHeaders }))';
    echo = `/api/run/test?key=${await server.mint('echo.js', code)}`;
  });
  after(() => server.close());

  /** What the webtask saw. */
  const seen = async (head: string) =>
    JSON.parse(
      readAnswer(await exchange(server.url, `${head}\r\nConnection: close\r\n\r\n`)).body.replace(
        /^\w+\r\n|\r\n0\r\n\r\n$/g,
        '',
      ),
    );

  describe('is refused, its reason named, where it could be read in two ways', () => {
    for (const [what, lines, message] of [
      ['no Host', [], `${UNREADABLE}the header Host is missing`],
      ['an empty Host', ['Host:'], `${UNREADABLE}the header Host is missing`],
      ['two Hosts', ['Host: a', 'Host: a'], `${UNREADABLE}the header Host is there twice`],
      ['a Host with a path', ['Host: a/b'], `${UNREADABLE}the header Host names no host`],
      ['a Host with a user', ['Host: a@b'], `${UNREADABLE}the header Host names no host`],
      ['a Host that is a list', ['Host: a, b'], `${UNREADABLE}the header Host names no host`],
      ['a Host in Unicode', ['Host: \xfc.test'], `${UNREADABLE}the header Host names no host`],
    ] as const) {
      it(`by ${what}`, async () => {
        const text = await exchange(server.url, ['GET / HTTP/1.1', ...lines, 'Connection: close', '', ''].join('\r\n'));
        expect(readError(text)).to.deep.equal({ status: 400, message, closes: true });
      });
    }

    for (const [what, bytes] of [
      ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
      ['twice the same length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx'],
      ['a list of lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx'],
      ['a length and chunks', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
      ['chunks and a length', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n'],
      ['an encoding after chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n'],
      ['an unknown encoding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n'],
      ['a signed length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx'],
      ['a name with a space behind it', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\nx'],
      ['a header that goes on in the next line', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\n\r\n'],
      ['lines that end in CR', 'GET / HTTP/1.1\r\nHost: a\rX-A: 1\r\n\r\n'],
      [
        'a chunk that is longer than it says',
        'POST /api/run/test?key=KEY HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxxx\r\n0\r\n\r\n',
      ],
      [
        'a length of a chunk that is no number',
        'POST /api/run/test?key=KEY HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n',
      ],
    ] as const) {
      it(`by ${what}`, async () => {
        const { status, message, closes } = readError(await exchange(server.url, bytes.replace('KEY', server.sign())));
        expect(message).to.match(/^the request cannot be read as HTTP\/1\.1: .*[a-z]{6}/i); // in the parser's words
        expect({ status, closes }).to.deep.equal({ status: 400, closes: true });
      });
    }

    it('and answered once, where it was refused before its body turned out to be none', async () => {
      const bytes = 'POST /api/run/test HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxxx\r\n0\r\n\r\n';
      const { status } = readError(await exchange(server.url, bytes)); // which reads one answer, and nothing behind it
      expect(status).to.be.oneOf([400, 403]);
    });

    it('by a target and a Host that differ', async () => {
      const text = await exchange(server.url, 'GET http://a/ HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n');
      const message = `${UNREADABLE}its target and its Host name different hosts`;
      expect(readError(text)).to.deep.equal({ status: 400, message, closes: true });
    });

    for (const target of ['ftp://a/', 'a', '*', '?a', 'http://u@a/']) {
      it(`by the target ${target}`, async () => {
        const text = await exchange(server.url, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
        expect(readAnswer(text).status).to.equal(400);
      });
    }
  });

  it('may have scheme and host in its target, as callers of proxies write it', async () => {
    const { url, headers } = await seen(`GET http://A.test:80${echo}&a=1 HTTP/1.1\r\nHost: a.test:80`);
    expect([url, headers.host]).to.deep.equal([`${echo}&a=1`, 'a.test:80']);
  });

  it('may be without a Host in HTTP/1.0, which knew none', async () => {
    const { url, headers } = await seen(`GET ${echo} HTTP/1.0`);
    expect([url, headers.host]).to.deep.equal([echo, undefined]);
  });

  it('has a URL of 15 KiB at most, so that the longest token fits into one', async () => {
    const ask = async (length: number) => {
      const path = `/${'x'.repeat(length - 1)}`;
      return readError(await exchange(server.url, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`));
    };
    const tooLong = { status: 414, message: 'the URL of the request is too long', closes: true };
    expect((await ask(15 * 1024)).status).to.equal(404);
    expect(await ask(15 * 1024 + 1)).to.deep.equal(tooLong);
    expect(await ask(40_000)).to.deep.equal(tooLong); // the parser gives up before it has seen all of it
  });

  it('has 32 KiB of URL and headers, and 1,000 headers at most, and loses none before', async () => {
    const ask = async (lines: string) =>
      readAnswer(
        await exchange(server.url, `GET /favicon.ico HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`),
      );
    expect((await ask('a:\r\n'.repeat(998))).status).to.equal(404);
    expect((await ask('a:\r\n'.repeat(999))).status).to.equal(431);
    expect((await ask(`a: ${'x'.repeat(32_000)}\r\n`)).status).to.equal(404);
    expect((await ask(`a: ${'x'.repeat(33_000)}\r\n`)).status).to.equal(431);
  });

  it('leaves the headers of its connection behind', async () => {
    const { headers } = await seen(
      `GET ${echo} HTTP/1.1\r\nHost: a\r\nConnection: X-Hop, Host\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\nProxy-Authorization: x\r\nProxy-Connection: x\r\nX-End: 1`,
    );
    expect(headers).to.deep.equal({
      host: 'a',
      'x-end': '1',
      'x-forwarded-host': 'a',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
  });

  describe('is refused clearly where it wants what the server does not do', () => {
    it('a web socket', async () => {
      const head = 'GET /api/run/test HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
      const message = 'this server speaks HTTP/1.1 only, and opens no web sockets';
      expect(readError(await exchange(server.url, head))).to.deep.equal({ status: 501, message, closes: true });
    });

    it('what is within chunks in a coding that it does not take off', async () => {
      const head =
        'POST /api/run/test HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n';
      const message = 'the transfer coding `gzip, chunked` is not known, `chunked` is';
      const text = await exchange(server.url, `${head}0\r\n\r\n`);
      expect(readError(text)).to.deep.equal({ status: 501, message, closes: true });
    });

    it('a tunnel', async () => {
      const text = await exchange(server.url, 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n');
      expect(readError(text)).to.deep.equal({ status: 501, message: 'the method CONNECT is not served', closes: true });
    });

    it('its own headers back', async () => {
      const text = await exchange(server.url, 'TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      expect(readError(text)).to.deep.equal({ status: 501, message: 'the method TRACE is not served', closes: true });
    });
  });

  it('is answered as HTTP/1.1 where it offers HTTP/2, as RFC 9110 allows and some clients always do', async () => {
    const { url } = await seen(
      `GET ${echo} HTTP/1.1\r\nHost: a\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nUpgrade: h2c`,
    );
    expect(url).to.equal(echo);
  });

  it('may be about the server as a whole', async () => {
    const text = await exchange(server.url, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(readAnswer(text)).to.include({ status: 200, body: '' });
  });

  describe('that expects a word before it sends its body', () => {
    const code = 'return cb => cb(null, "ran")';
    const head = (key: string, expectation = '100-continue') =>
      `POST /api/run/test?key=${key} HTTP/1.1\r\nHost: a\r\nExpect: ${expectation}\r\nContent-Length: ${code.length}\r\n\r\n`;

    it('gets it when the body is read', async () => {
      const { socket, received } = converse(server.url, [head(server.sign())]);
      expect(await received('\r\n\r\n')).to.equal('HTTP/1.1 100 Continue\r\n\r\n');
      socket.write(code);
      expect(await received('"ran"')).to.contain('HTTP/1.1 200 OK');
      socket.destroy();
    });

    it('does not get it where it is not let in, and its connection ends', async () => {
      const text = await exchange(server.url, head('nobody'));
      const message = 'rejecting request with untrusted opaque key';
      expect(readError(text)).to.deep.equal({ status: 403, message, closes: true });
    });

    it('does not get it where the webtask reads no body, but for workers, to whom it is sent ahead', async () => {
      const token = await server.mint('reads-nothing.js', 'return (ctx, req, res) => res.end("no, thanks")');
      const text = await exchange(server.url, head(token));
      const isRead = testIsolation() !== 'inline';
      expect(text.startsWith('HTTP/1.1 100 Continue\r\n\r\n')).to.equal(isRead);
      expect(text)
        .to.match(/HTTP\/1\.1 200 OK\r\n/)
        .and.contain('no, thanks');
      if (!isRead) expect(text).to.match(/\r\nConnection: close\r\n/);
    });

    it('is refused where it expects something else', async () => {
      const text = await exchange(server.url, head(server.sign(), '200-ok'));
      const message = 'the expectation `200-ok` cannot be met';
      expect(readError(text)).to.deep.equal({ status: 417, message, closes: true });
    });
  });
});
