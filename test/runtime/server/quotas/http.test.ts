import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { loadKeySet, signToken } from '../../../../runtime/token/index.ts';

const QUOTAS = {
  WEBTASK_QUOTA_WEBTASKS: '2',
  WEBTASK_QUOTA_CODE_BYTES: '1000',
  WEBTASK_QUOTA_STORAGE_BYTES: '16384',
  WEBTASK_QUOTA_LOG_STREAMS: '1',
};

describe('a container that has reached a quota', () => {
  let folder: string;
  let server: RunningServer;
  let headers: Record<string, string>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-quotas-'));
    server = await startServer({
      isolation: 'inline',
      port: 0,
      host: '127.0.0.1',
      dataFolder: folder,
      env: QUOTAS,
      allowedOrigins: [],
      limitMs: 5000,
      onLine: () => undefined,
      onError: (error) => console.error(error),
    });
    const token = signToken(
      { ten: 'dev', dd: 1 },
      await loadKeySet({ dataFolder: folder, env: {} }),
      Date.now() / 1000,
    );
    headers = { Authorization: `Bearer ${token}` };
    for (const name of ['a', 'b']) expect((await create(name)).status).to.equal(200);
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const SETS =
    'module.exports = (ctx, cb) => ctx.storage.set("x", { force: 1 }, (e) => cb(null, e ? [e.code, e.message] : "set"))';
  const send = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(server.url + path, {
      method,
      headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  const create = (name: string, code = SETS): Promise<Response> => send('PUT', `/api/webtask/dev/${name}`, { code });
  const errorOf = async (response: Response): Promise<unknown> => {
    const { req_id: _, ...error } = (await response.json()) as Record<string, unknown>;
    return error;
  };

  it('is refused what is beyond it with 403, and has room again after a deletion', async () => {
    const error = { code: 403, message: 'the container `dev` would have 3 webtasks, and may have 2' };
    expect(await errorOf(await create('c'))).to.deep.equal(error);
    expect((await create('a', `${SETS} // updated`)).status).to.equal(200);
    expect((await send('DELETE', '/api/webtask/dev/a')).status).to.equal(204);
    expect((await create('a')).status).to.equal(200);
  });

  it('is refused code, of webtasks and of tokens without a name', async () => {
    const long = `module.exports = cb => cb() // ${'x'.repeat(1000)}`;
    expect(await errorOf(await create('a', long))).to.have.property('code', 403);
    const answer = await send('POST', '/api/tokens/issue', { ten: 'dev', code: long });
    expect(await errorOf(answer)).to.have.property('code', 403);
  });

  it('is refused storage, in the webtask too', async () => {
    expect(await (await fetch(`${server.url}/api/run/dev/a`)).json()).to.equal('set');
    const message = 'the container `dev` would have 32768 bytes of storage, and may have 16384';
    expect(await (await fetch(`${server.url}/api/run/dev/b`)).json()).to.deep.equal([403, message]);
    expect(await errorOf(await send('PUT', '/api/webtask/dev/b/data', { data: '1' }))).to.deep.equal({
      code: 403,
      message,
    });
    expect((await send('PUT', '/api/webtask/dev/a/data', { data: 'null' })).status).to.equal(200);
    expect(await (await fetch(`${server.url}/api/run/dev/b`)).json()).to.equal('set');
  });

  it('is refused another stream of its logs while one is open', async () => {
    const reading = new AbortController();
    const first = await fetch(`${server.url}/api/logs/tenant/dev`, { headers, signal: reading.signal });
    expect(first.status).to.equal(200);
    expect(await errorOf(await send('GET', '/api/logs/tenant/dev'))).to.deep.equal({
      code: 403,
      message: 'the container `dev` would have 2 open log streams, and may have 1',
    });
    reading.abort();
  });
});
