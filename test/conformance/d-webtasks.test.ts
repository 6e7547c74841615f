import { expect } from 'chai';
import { useServer } from './server.ts';

/** A webtask as the management API tells of it. */
interface Described {
  readonly container: string;
  readonly name: string;
  readonly token: string;
  readonly meta: Record<string, string>;
  readonly webtask_url: string;
  readonly secrets?: Record<string, string>;
  readonly code?: string;
}

const HELLO = "module.exports = (cb) => cb(null, 'hello');";

/** What the requests of sandboxjs ask for; that client itself is in the tests of clients. */
describe('D. named webtasks, as sandboxjs asks for them', () => {
  const server = useServer();

  const claimsOf = (token: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const jsonOf = async <T>(response: Response, status = 200): Promise<T> => {
    const text = await response.text();
    expect(response.status, text).to.equal(status);
    return JSON.parse(text) as T;
  };
  const describeOf = async (name: string, query = ''): Promise<Described> =>
    jsonOf(await server.call('GET', `/api/webtask/dev/${name}${query}`));
  const errorOf = async (response: Response): Promise<[status: number, code: unknown, message: unknown]> => {
    const { code, message } = (await response.json()) as { code: unknown; message: unknown };
    return [response.status, code, message];
  };

  it('59. a named webtask has its name in its URL, one without a name has its token', async () => {
    const issue = async (json: object): Promise<[token: string, url: URL]> => {
      const answer = await server.call('POST', '/api/tokens/issue', { json });
      return [await answer.text(), new URL(answer.headers.get('location') ?? '')];
    };
    const [token, url] = await issue({ ten: 'dev', jtn: 'named', code: HELLO, dd: 0 });
    expect(claimsOf(token).jtn).to.equal('named');
    expect([url.pathname, url.search]).to.deep.equal(['/api/run/dev/named', '']);
    const [anonymous, withKey] = await issue({ ten: 'dev', code: HELLO, dd: 0 });
    expect([withKey.pathname, withKey.searchParams.get('key')]).to.deep.equal(['/api/run/dev', anonymous]);
    for (const it of [url, withKey]) expect(await (await fetch(it)).text()).to.equal('"hello"');
  });

  it('60. code in the body of a request runs, with its query', async () => {
    const response = await fetch(`${server.url}/api/run/dev?id=7`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'module.exports = (ctx, cb) => cb(null, [ctx.data.id, typeof ctx.body]);',
    });
    expect(await response.text()).to.equal('["7","undefined"]');
  });

  it('61. what is read of a webtask has the token and the URL of its creation', async () => {
    const token = await server.create('same', HELLO);
    const read = await describeOf('same');
    expect(read).to.deep.equal({
      container: 'dev',
      name: 'same',
      token,
      meta: {},
      webtask_url: `${server.url}/api/run/dev/same`,
    });
  });

  it("62. a webtask's own 404 and 500 are passed on", async () => {
    await server.create('status', 'module.exports = (ctx, req, res) => { res.statusCode = +ctx.query.s; res.end(); };');
    for (const status of [404, 500]) expect((await server.run(`status?s=${status}`)).status).to.equal(status);
  });

  it('63. an update without code keeps the code and what is told of it', async () => {
    await server.create('kept', HELLO, { ectx: { S: '1' } });
    await server.create('kept', undefined, { ectx: { S: '1' }, meta: { a: 'b' } });
    expect(await describeOf('kept', '?fetch_code=1&decrypt=1')).to.deep.include({
      code: HELLO,
      secrets: { S: '1' },
      meta: { a: 'b' },
    });
    expect(await (await server.run('kept')).text()).to.equal('"hello"');
  });

  it('64. an update to a URL leaves no code here', async () => {
    await server.create('moved', HELLO);
    const url = 'https://example.com/code.js';
    const claims = claimsOf(await server.create('moved', undefined, { url }));
    expect(claims).to.include({ url }).and.not.to.have.property('code');
  });

  it('65. an update without secrets has none', async () => {
    await server.create('bare', HELLO, { ectx: { S: '1' } });
    await server.create('bare', HELLO);
    expect(await describeOf('bare', '?decrypt=1')).not.to.have.property('secrets');
  });

  it("66. empty code can be created, and is read as ''", async () => {
    await server.create('empty', '');
    expect((await describeOf('empty', '?fetch_code=true')).code).to.equal('');
  });

  it('69. a job has times that can be parsed, is set to rest, and is removed with 204', async () => {
    await server.create('job', HELLO);
    const call = (method: string, rest = '', json?: object): Promise<Response> =>
      server.call(method, `/api/cron/dev/job${rest}`, { json });
    const job = await jsonOf<Record<string, string>>(await call('PUT', '', { schedule: '* * * * *' }));
    for (const time of ['created_at', 'next_available_at']) expect(Date.parse(job[time] ?? ''), time).to.be.above(0);
    expect(job.token?.split('.')).to.have.lengthOf(3);
    expect(await jsonOf(await call('GET', '/history'))).to.be.an('array');
    expect(await jsonOf(await call('PUT', '/state', { state: 'inactive' }))).to.include({ state: 'inactive' });
    expect((await call('DELETE')).status).to.equal(204);
  });

  it('72. the container of a token is in its payload, as it was asked for', async function () {
    expect(claimsOf(await server.create(undefined, HELLO)).ten).to.equal('dev');
    const { masterKey } = server;
    if (masterKey === undefined) return this.skip();
    for (const ten of ['dev,other', '/^dev[0-9]$/']) {
      const headers = { Authorization: `Bearer ${masterKey}` };
      const answer = await server.call('POST', '/api/tokens/issue', { json: { ten, dd: 0 }, headers });
      expect(claimsOf(await answer.text()).ten).to.equal(ten);
    }
  });

  it('73. tokens that are issued, and the one of the profile, have no typ in their header', async () => {
    for (const token of [server.token, await server.create('typ', HELLO)]) {
      const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString();
      expect(JSON.parse(header)).to.have.all.keys('alg', 'kid');
    }
  });

  describe('PUT, GET and DELETE', () => {
    it('create, read, replace and delete', async () => {
      const json = { code: HELLO, secrets: { S: '1' }, meta: { a: 'b' } };
      const created = await jsonOf<Described>(await server.call('PUT', '/api/webtask/dev/put', { json }));
      expect(await describeOf('put')).to.deep.equal(created);
      expect(created).to.deep.include({ container: 'dev', name: 'put', meta: { a: 'b' } });
      expect(await (await fetch(created.webtask_url)).text()).to.equal('"hello"');

      const replaced = await jsonOf<Described>(
        await server.call('PUT', '/api/webtask/dev/put', { json: { code: 'module.exports = (cb) => cb(null, 2);' } }),
      );
      expect(replaced.meta).to.deep.equal({});
      expect(await (await server.run('put')).text()).to.equal('2');

      expect((await server.call('DELETE', '/api/webtask/dev/put')).status).to.equal(204);
      const gone = [404, 404, 'there is no webtask `put` in `dev`'];
      expect(await errorOf(await server.call('DELETE', '/api/webtask/dev/put'))).to.deep.equal(gone);
      expect(await errorOf(await server.call('GET', '/api/webtask/dev/put'))).to.deep.equal(gone);
      expect(await errorOf(await server.run('put'))).to.deep.equal([
        404,
        404,
        'unable to resolve jtn to webtask token',
      ]);
    });

    it('need either code or a URL', async () => {
      const put = (json: object): Promise<Response> => server.call('PUT', '/api/webtask/dev/neither', { json });
      expect((await errorOf(await put({})))[0]).to.equal(400);
      expect((await errorOf(await put({ code: HELLO, url: 'https://example.com/a.js' })))[0]).to.equal(400);
      expect((await errorOf(await put({ code: HELLO, token: 'x' })))[0]).to.equal(400);
    });

    it('take names raw and percent-encoded', async () => {
      const name = 'a@1~b!c$d+e=f:g.h_i-j';
      const encoded = encodeURIComponent(name).replaceAll('!', '%21').replaceAll('~', '%7E');
      for (const written of [name, encoded]) {
        const put = await server.call('PUT', `/api/webtask/dev/${written}`, { json: { code: HELLO } });
        expect((await jsonOf<Described>(put)).name).to.equal(name);
        for (const read of [name, encoded]) {
          expect((await describeOf(read)).name).to.equal(name);
          expect(await (await server.run(read)).text()).to.equal('"hello"');
        }
        expect((await server.call('DELETE', `/api/webtask/dev/${written}`)).status).to.equal(204);
      }
    });

    it('refuse names that no webtask can have', async () => {
      for (const name of ['a%20b', 'a%2Fb', '%E2%82%AC']) {
        const put = await server.call('PUT', `/api/webtask/dev/${name}`, { json: { code: HELLO } });
        expect((await errorOf(put))[0]).to.equal(400);
      }
      // No URL leads to it.
      const issued = await server.call('POST', '/api/tokens/issue', { json: { ten: 'dev', jtn: '..', code: HELLO } });
      expect(await errorOf(issued)).to.deep.equal([400, 400, 'claim `jtn` must be of type `webtask name`']);
    });

    it('refuse other containers, and everybody without a credential', async () => {
      for (const [method, path, json] of [
        ['GET', '/api/webtask/other'],
        ['GET', '/api/webtask/other/x'],
        ['PUT', '/api/webtask/other/x', { code: HELLO }],
        ['DELETE', '/api/webtask/other/x'],
        ['GET', '/api/webtask/other/x/data'],
        ['PUT', '/api/webtask/other/x/data', { data: '1' }],
        ['DELETE', '/api/cache/other'],
        ['DELETE', '/api/cache/other/x'],
      ] as const) {
        const refused = await errorOf(await server.call(method, path, { json }));
        const message = 'not authorized to perform operation on tenant `other`';
        expect(refused, `${method} ${path}`).to.deep.equal([403, 403, message]);
        const nobody = await server.call(method, path, { json, headers: { Authorization: '' } });
        expect(nobody.status, `${method} ${path}`).to.equal(403);
      }
      expect((await server.call('GET', '/api/webtask')).status).to.equal(403);
    });
  });

  describe('runs by name', () => {
    it('see an update at once', async () => {
      for (let i = 0; i < 20; i++) {
        await server.create('updated', `module.exports = (cb) => cb(null, 'v${i}');`);
        expect(await (await server.run('updated')).text()).to.equal(`"v${i}"`);
      }
    });

    it('need no credential, and hand on Authorization as it is', async () => {
      await server.create('bearer', 'module.exports = (ctx, cb) => cb(null, ctx.headers.authorization || "none");');
      expect(await (await server.run('bearer')).text()).to.equal('"none"');
      for (const Authorization of ['Basic abc', 'Bearer not.a.token', server.token]) {
        const answer = await server.run('bearer', { headers: { Authorization } });
        expect(await answer.text()).to.equal(JSON.stringify(Authorization));
      }
    });

    it('take every verb', async () => {
      await server.create(
        'verb',
        'module.exports = (ctx, req, res) => { res.setHeader("X-Verb", req.method); res.end(); };',
      );
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        expect((await server.run('verb', { method })).headers.get('x-verb')).to.equal(method);
      }
    });

    it('run code of 5 MB', async () => {
      const code = `module.exports = (cb) => cb(null, 'large'); //${'ü'.repeat(2.4 * 1024 * 1024)}`;
      await server.create('five', code);
      expect(await (await server.run('five')).text()).to.equal('"large"');
      const json = { ten: 'dev', jtn: 'six', code: 'x'.repeat(6 * 1024 * 1024) };
      expect(await errorOf(await server.call('POST', '/api/tokens/issue', { json }))).to.deep.equal([
        400,
        400,
        'Script exceeds the size limit.',
      ]);
    });
  });
});
