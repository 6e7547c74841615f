import { expect } from 'chai';
import { loadKeySet, mintToken, signToken } from '../../../../runtime/token/index.ts';
import { apiError, ask, proxyError, runCode, startTestServer, type TestServer } from '../../../support/server.ts';

const NO_CREDENTIAL = 'rejecting request without Authorization header or key URL query parameter';
const UNEXPECTED = 'rejecting request with unexpected Authorization header';
const SECONDS = 1_800_000_000;

describe('the credential of a run', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const HELLO = 'return cb => cb(null, "hello")';
  /** Sends code with a credential in the header, in the query, or in both. */
  const send = (header: string | undefined, query = '', path = '/api/run/test') =>
    ask(`${server.url}${path}${query}`, {
      method: 'POST',
      body: HELLO,
      headers: header === undefined ? {} : { Authorization: header },
    });
  const refused = async (...args: Parameters<typeof send>) => apiError(await send(...args));

  it('is a bearer token, whatever the case of the word Bearer', async () => {
    expect(await runCode(server, HELLO)).to.include({ status: 200, body: '"hello"' });
    expect(await send(`bearer   ${server.sign()}`)).to.include({ status: 200, body: '"hello"' });
  });

  it('is the key of the query', async () => {
    expect(await send(undefined, `?key=${server.sign()}`)).to.include({ status: 200, body: '"hello"' });
  });

  it('is the one of the header where there are two', async () => {
    const [good, bad] = [server.sign(), server.sign({ ten: 'other' })];
    expect(await send(`Bearer ${good}`, `?key=${bad}`)).to.include({ status: 200, body: '"hello"' });
    expect(await refused(`Bearer ${bad}`, `?key=${good}`)).to.deep.equal(
      proxyError(403, 'not authorized to perform operation on tenant `test`'),
    );
    expect(await refused('Basic dTpw', `?key=${good}`)).to.deep.equal(proxyError(403, UNEXPECTED));
  });

  for (const query of ['', '?key', '?key=', '?keys=a.b.c']) {
    it(`is missed where the query is "${query}"`, async () => {
      expect(await refused(undefined, query)).to.deep.equal(proxyError(403, NO_CREDENTIAL));
    });
  }

  it('is missed where the query has two, since neither is meant more than the other', async () => {
    const token = server.sign();
    expect(await refused(undefined, `?key=${token}&key=${token}`)).to.deep.equal(proxyError(403, NO_CREDENTIAL));
  });

  for (const header of ['Basic dTpw', 'Bearer', 'Bearer a.b.c d', 'a.b.c', '']) {
    it(`is refused where the header is "${header}"`, async () => {
      expect(await refused(header)).to.deep.equal(proxyError(403, UNEXPECTED));
    });
  }

  it('is refused where it is no JWT', async () => {
    const message = 'rejecting request with untrusted opaque key';
    expect(await refused('Bearer 11111111')).to.deep.equal(proxyError(403, message));
    expect(await refused(undefined, '?key=11111111')).to.deep.equal(proxyError(403, message));
  });

  it('is refused where it is no JWT of ours, with the reason', async () => {
    expect(await refused('Bearer a.b.c.d.e')).to.deep.equal(
      proxyError(403, 'malformed JWT token: it has 5 parts in place of 3'),
    );
  });

  it('is refused where nobody here knows its key', async () => {
    const strangers = await loadKeySet({ dataFolder: '', env: { WEBTASK_SIGNING_KEY: '33'.repeat(32) } });
    const token = mintToken({ container: 'test' }, strangers, SECONDS);
    expect(await refused(`Bearer ${token}`)).to.deep.equal(
      proxyError(403, 'rejecting request with JWT token signed with untrusted key'),
    );
  });

  it('is refused where its signature is another one', async () => {
    const [header, , signature] = server.sign().split('.');
    const payload = Buffer.from('{"ten":"test","dd":9}').toString('base64url');
    expect(await refused(`Bearer ${header}.${payload}.${signature}`)).to.deep.equal(
      proxyError(403, 'rejecting request with JWT token that fails signature validation'),
    );
  });

  it('is refused before its time and after it', async () => {
    expect(await refused(`Bearer ${server.sign({ nbf: 4_000_000_000 })}`)).to.deep.equal(
      proxyError(403, 'not yet valid JWT token'),
    );
    expect(await refused(`Bearer ${server.sign({ exp: 1_000_000_000 })}`)).to.deep.equal(
      proxyError(403, 'expired JWT token'),
    );
  });

  it('is refused in a container that it does not name', async () => {
    const token = server.sign({ ten: 'a, test' });
    expect(await send(`Bearer ${token}`)).to.include({ status: 200 });
    for (const container of ['other', 'a%2C%20test', 'tes', '%2F.*%2F']) {
      expect(await refused(`Bearer ${token}`, '', `/api/run/${container}`)).to.deep.equal(
        proxyError(403, `not authorized to perform operation on tenant \`${decodeURIComponent(container)}\``),
      );
    }
  });

  it('may name its containers by a pattern', async () => {
    const token = server.sign({ ten: '/^te/' });
    expect(await send(`Bearer ${token}`)).to.include({ status: 200 });
    expect(await refused(`Bearer ${token}`, '', '/api/run/other')).to.deep.equal(
      proxyError(403, 'not authorized to perform operation on tenant `other`'),
    );
  });

  it('is good for every container where it names none', async () => {
    const token = signToken({}, server.keys, SECONDS);
    expect(await send(`Bearer ${token}`, '', '/api/run/any%20one')).to.include({ status: 200, body: '"hello"' });
  });

  it('is not asked of a path that runs nothing', async () => {
    for (const path of [
      '/',
      '/api/run',
      '/api/run/',
      '/api/nope',
      '/api/run/%zz',
      '/api/run/test/%zz',
      '//api/run/test',
    ]) {
      expect(await refused(undefined, '?a=1', path)).to.deep.equal(proxyError(404, `there is nothing at POST ${path}`));
    }
  });

  it('does not matter where a name is asked for, since no webtask has one here', async () => {
    for (const path of ['/api/run/test/pay', '/api/run/test/pay/more', '/api/run/test/pay?a=1']) {
      expect(await refused(`Bearer ${server.sign()}`, '', path)).to.deep.equal(
        proxyError(404, 'unable to resolve jtn to webtask token'),
      );
    }
    expect(await send(`Bearer ${server.sign()}`, '', '/api/run/test/')).to.include({ status: 200, body: '"hello"' });
  });
});
