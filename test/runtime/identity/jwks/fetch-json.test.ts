import type { RequestListener } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { fetchJson, isTrustworthy } from '../../../../runtime/identity/jwks/fetch-json.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import { refusalOf } from '../../../support/refusal.ts';

const TIMEOUT_MS = 300;

describe('what an issuer answers', () => {
  let origin: Origin | undefined;
  afterEach(() => origin?.close());

  const start = async (answer: RequestListener) => {
    origin = await startOrigin(answer);
    return `${origin.origin}/keys`;
  };
  async function expectUnavailable(url: string, reason: string, timeoutMs?: number): Promise<void> {
    expect(await refusalOf(fetchJson(url, timeoutMs))).to.deep.equal({
      code: 'JWKS_UNAVAILABLE',
      message: `The keys of the issuer cannot be had from ${url}: ${reason}.`,
      fix: 'Try again after 1 s.',
    });
  }

  for (const [cacheControl, maxAge] of [
    ['public, max-age=600', 600],
    ['max-age="60", must-revalidate', 60],
    ['no-store', 0],
    ['no-cache, max-age=600', 0],
    ['s-maxage=600', undefined],
    [undefined, undefined],
  ] as const) {
    it(`is an object, with how long it may be kept: ${cacheControl} is ${maxAge}`, async () => {
      const url = await start((_, res) => {
        if (cacheControl) res.setHeader('Cache-Control', cacheControl);
        res.end('{"keys":[]}');
      });
      expect(await fetchJson(url)).to.deep.equal({ value: { keys: [] }, maxAge });
    });
  }

  for (const [what, status, body, reason] of [
    ['a page of HTML', 200, '<!doctype html><title>Log in</title>', 'its answer is not JSON'],
    ['a list', 200, '[]', 'its answer is not a JSON object'],
    ['a member twice', 200, '{"keys":[],"keys":[]}', 'its answer has the member "keys" twice'],
    ['a failure', 500, '{"keys":[]}', 'it answered 500'],
    ['nothing', 204, '', 'it answered 204'],
  ] as const) {
    it(`is not used where it is ${what}`, async () => {
      await expectUnavailable(await start((_, res) => res.writeHead(status).end(body)), reason);
    });
  }

  it('is not looked for where it redirects to: not there either would it be the issuer that chose the keys', async () => {
    let asked = 0;
    const other = await startOrigin((_, res) => {
      asked += 1;
      res.end('{"keys":[]}');
    });
    try {
      for (const status of [301, 302, 303, 307, 308]) {
        const url = await start((_, res) => res.writeHead(status, { Location: `${other.origin}/keys` }).end());
        await expectUnavailable(url, `it answered ${status}`);
        await origin?.close();
      }
      expect(asked).to.equal(0);
    } finally {
      await other.close();
    }
  });

  it('is not read beyond 256 KiB, whether 10 MB are sent as they are or a few KB expand to them', async () => {
    const large = `{"keys":"${'a'.repeat(10_000_000)}"}`;
    await expectUnavailable(await start((_, res) => res.end(large)), 'its answer is larger than 262144 bytes');
    await origin?.close();
    const packed = gzipSync(large);
    const url = await start((_, res) => res.setHeader('Content-Encoding', 'gzip').end(packed));
    await expectUnavailable(url, 'its answer is larger than 262144 bytes');
  });

  it('is not waited for longer than five seconds, whether it does not begin or does not end', async () => {
    const late = `it took longer than ${TIMEOUT_MS} ms`;
    await expectUnavailable(await start(() => undefined), late, TIMEOUT_MS);
    await origin?.close();
    const url = await start((_, res) => {
      res.write('{"keys":');
      const timer = setInterval(() => res.write(' '), 20);
      res.once('close', () => clearInterval(timer));
    });
    await expectUnavailable(url, late, TIMEOUT_MS);
  });

  it('is not waited for longer where the garbage collector comes by meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void; // as the flag has it
    const collecting = setInterval(collect, 20);
    try {
      const url = await start((_, res) => void res.write('{"keys":'));
      await expectUnavailable(url, `it took longer than ${TIMEOUT_MS} ms`, TIMEOUT_MS);
    } finally {
      clearInterval(collecting);
    }
  });

  it('is missing where nobody listens, or the connection is cut', async () => {
    const url = await start((req) => req.socket.destroy());
    await expectUnavailable(url, 'other side closed');
    const { port = 0 } = origin ?? {};
    await origin?.close();
    await expectUnavailable(url, `connect ECONNREFUSED 127.0.0.1:${port}`);
  });
});

describe('a URL that keys may come from', () => {
  for (const url of [
    'https://a.example/keys',
    'http://127.0.0.1:1/',
    'http://127.1/',
    'http://localhost/',
    'http://[::1]/',
  ]) {
    it(`may be ${url}`, () => expect(isTrustworthy(url)).to.equal(true));
  }
  for (const url of [
    'http://a.example/keys',
    'http://127.0.0.1.a.example/',
    'http://localhost.a.example/',
    'http://10.0.0.1/',
    'file:///etc/passwd',
    'https://user:secret@a.example/',
    'a',
    '',
  ]) {
    it(`is not ${url || 'nothing'}: anybody on the way could change them, or the URL says more than where they are`, () =>
      expect(isTrustworthy(url)).to.equal(false));
  }
});
