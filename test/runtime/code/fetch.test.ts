import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type FetchPolicy, fetchCode } from '../../../runtime/code/index.ts';
import { createCertificate } from '../../../runtime/token/certificate.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { refusalOf } from '../../support/refusal.ts';

const PUBLIC_ONLY: FetchPolicy = { publicOnly: true, allowedOrigins: [] };

describe('fetching code', () => {
  let answer: RequestListener;
  let origin: Origin;
  /** The policy that lets tests fetch from their own server. */
  let allowed: FetchPolicy;
  before(async () => {
    origin = await startOrigin((req, res) => answer(req, res));
    allowed = { publicOnly: true, allowedOrigins: [origin.origin] };
  });
  after(() => origin.close());

  it('gives the bytes of the answer as they are', async () => {
    answer = (_, res) => res.end(Buffer.from([0xef, 0xbb, 0xbf, 0x00, 0xff]));
    expect(await fetchCode(`${origin.origin}/pay.js`, allowed)).to.deep.equal(
      Buffer.from([0xef, 0xbb, 0xbf, 0x00, 0xff]),
    );
  });

  it('asks for uncompressed bytes, whose hash is the one of the token, and says who asks', async () => {
    answer = (_, res) => res.end();
    await fetchCode(`${origin.origin}/pay.js?ref=main`, allowed);
    const request = origin.requests.at(-1);
    expect({ method: request?.method, url: request?.url, headers: request?.headers }).to.deep.equal({
      method: 'GET',
      url: '/pay.js?ref=main',
      headers: {
        host: `127.0.0.1:${origin.port}`,
        'accept-encoding': 'identity',
        'user-agent': 'webtask-kit',
        connection: 'close',
      },
    });
  });

  for (const url of ['ftp://example.com/pay.js', 'file:///etc/passwd', 'data:text/javascript,1', 'pay.js', 'http://']) {
    it(`refuses ${url}, since code comes by http or https only`, async () => {
      expect(await refusalOf(fetchCode(url, PUBLIC_ONLY))).to.deep.equal({
        code: 'CODE_URL_INVALID',
        message: `The code of the webtask cannot be fetched from ${url}: it is no http or https URL.`,
        fix: 'Give a URL such as https://example.com/pay.js.',
      });
    });
  }

  for (const url of [
    'http://me:pw@example.com/pay.js',
    'http://me@example.com/pay.js',
    'http:\\\\me:pw@example.com/pay.js',
  ]) {
    it(`refuses ${url}, since a token would show its password`, async () => {
      expect(await refusalOf(fetchCode(url, PUBLIC_ONLY))).to.deep.equal({
        code: 'CODE_URL_INVALID',
        message:
          'The code of the webtask cannot be fetched from http://example.com/pay.js: it carries a user name or password.',
        fix: 'Give a URL such as https://example.com/pay.js.',
      });
    });
  }

  it('refuses an answer that is not 200, and shows no query, which may be a secret', async () => {
    for (const status of [204, 304, 404, 500]) {
      answer = (_, res) => res.writeHead(status).end();
      expect(await refusalOf(fetchCode(`${origin.origin}/pay.js?token=abc`, allowed))).to.deep.equal({
        code: 'CODE_STATUS',
        message: `The code of the webtask cannot be fetched from ${origin.origin}/pay.js: the answer was ${status}.`,
        fix: 'A private repository needs a server that may read it, or a token with the code in its request.',
      });
    }
  });

  it('follows redirects, also relative ones, five times', async () => {
    answer = (req, res) => {
      const left = Number(req.url?.slice(1));
      if (left > 0) res.writeHead([301, 302, 303, 307, 308][left - 1] ?? 302, { Location: `${left - 1}` }).end('moved');
      else res.end('code');
    };
    expect((await fetchCode(`${origin.origin}/5`, allowed)).toString()).to.equal('code');
    expect(await refusalOf(fetchCode(`${origin.origin}/6`, allowed))).to.deep.equal({
      code: 'CODE_REDIRECTS',
      message: `The code at ${origin.origin}/6 is behind more than 5 redirects.`,
      fix: 'Give the URL that they lead to.',
    });
  });

  it('refuses a redirect that leaves http, or gives a password', async () => {
    answer = (_, res) => res.writeHead(302, { Location: 'file:///etc/passwd' }).end();
    expect(await refusalOf(fetchCode(`${origin.origin}/pay.js`, allowed))).to.deep.equal({
      code: 'CODE_URL_INVALID',
      message: 'The code of the webtask cannot be fetched from file:///etc/passwd: it is no http or https URL.',
      fix: 'Give a URL such as https://example.com/pay.js.',
    });
    answer = (_, res) => res.writeHead(302, { Location: '//me:pw@example.com/' }).end();
    expect(await refusalOf(fetchCode(`${origin.origin}/pay.js`, allowed))).to.deep.equal({
      code: 'CODE_URL_INVALID',
      message:
        'The code of the webtask cannot be fetched from http://example.com/: it carries a user name or password.',
      fix: 'Give a URL such as https://example.com/pay.js.',
    });
  });

  it('takes code of exactly the largest size, and ends the connection of a body that is larger or has no end', async () => {
    answer = (_, res) => res.end('12345678');
    expect((await fetchCode(`${origin.origin}/pay.js`, allowed, { maxBytes: 8 })).toString()).to.equal('12345678');

    let closed: Promise<unknown> = Promise.resolve();
    answer = (_, res) => {
      closed = once(res, 'close');
      const chunk = Buffer.alloc(1024);
      const more = () => {
        while (res.write(chunk));
      };
      res.on('drain', more);
      more();
    };
    expect(await refusalOf(fetchCode(`${origin.origin}/pay.js`, allowed, { maxBytes: 8000 }))).to.deep.equal({
      code: 'CODE_TOO_LARGE',
      message: `The code at ${origin.origin}/pay.js is larger than 8000 bytes.`,
      fix: 'Leave something out, or move it into a package.',
    });
    await closed;
  });

  const TIMED_OUT = (path: string, timeoutMs: number) => ({
    code: 'CODE_TIMED_OUT',
    message: `The code at ${origin.origin}${path} did not arrive within ${timeoutMs} ms.`,
    fix: 'Try again, or put the code where it is served faster.',
  });

  it('gives up on a server that says nothing, and ends the connection', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    answer = (_, res) => {
      closed = once(res, 'close');
    };
    const refusal = await refusalOf(fetchCode(`${origin.origin}/pay.js`, allowed, { timeoutMs: 100 }));
    expect(refusal).to.deep.equal(TIMED_OUT('/pay.js', 100));
    await closed;
  });

  it('gives up on a server that drips bytes, since the limit is for the whole fetch', async () => {
    answer = (_, res) => {
      const dripping = setInterval(() => res.write('.'), 10);
      res.once('close', () => clearInterval(dripping));
    };
    const refusal = await refusalOf(fetchCode(`${origin.origin}/pay.js`, allowed, { timeoutMs: 100 }));
    expect(refusal).to.deep.equal(TIMED_OUT('/pay.js', 100));
  });

  it('counts the time of all redirects together', async () => {
    answer = (_, res) => void setTimeout(() => res.writeHead(302, { Location: '/again' }).end(), 50);
    const refusal = await refusalOf(fetchCode(`${origin.origin}/first`, allowed, { timeoutMs: 120 }));
    expect(refusal).to.deep.equal(TIMED_OUT('/first', 120));
  });

  const UNREACHABLE = (url: string, reason: string) => ({
    code: 'CODE_UNREACHABLE',
    message: `The code of the webtask cannot be fetched from ${url}: ${reason}.`,
    fix: 'See that its server answers, and try again.',
  });

  it('refuses a body that ends early, with a length or in chunks, since half a file may well compile', async () => {
    for (const head of [{ 'Content-Length': 100 }, {}]) {
      answer = (_, res) => {
        res.writeHead(200, head);
        res.write('module.exports = ', () => res.destroy());
      };
      expect(await refusalOf(fetchCode(`${origin.origin}/pay.js`, allowed))).to.deep.equal(
        UNREACHABLE(`${origin.origin}/pay.js`, 'the connection was cut'),
      );
    }
  });

  it('names the server that cannot be reached, also behind a redirect', async () => {
    const gone = await startOrigin(() => {});
    await gone.close();
    answer = (_, res) => res.writeHead(302, { Location: `${gone.origin}/pay.js` }).end();
    const policy = { publicOnly: true, allowedOrigins: [origin.origin, gone.origin] };
    expect(await refusalOf(fetchCode(`${origin.origin}/pay.js`, policy))).to.deep.equal(
      UNREACHABLE(`${gone.origin}/pay.js`, `connect ECONNREFUSED 127.0.0.1:${gone.port}`),
    );
  });

  it('refuses a server whose certificate nobody vouches for', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const cert = createCertificate(privateKey, '01', Date.now());
    const server = createServer({ cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/pay.js`; // it listens on TCP
    const refusal = await refusalOf(fetchCode(url, { publicOnly: false, allowedOrigins: [] }));
    server.close();
    const message = refusal.message.replace(/; if the root CA .*(?=\.$)/, ''); // advice that newer versions of Node add
    expect({ ...refusal, message }).to.deep.equal(UNREACHABLE(url, 'self-signed certificate'));
  });
});
