import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { type KeySet, loadKeySet, signToken } from '../../../../runtime/token/index.ts';
import { registeredRoutes, requestTo } from '../../../support/routes.ts';
import { type Answer, apiError, ask, CLUSTER, proxyError } from '../../../support/server.ts';

type Record = { [name: string]: unknown };

describe('the audit record', () => {
  let folder: string;
  let server: RunningServer;
  let keys: KeySet;
  let token: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-audit-'));
    keys = await loadKeySet({ dataFolder: folder, env: CLUSTER });
    token = signToken({ jti: 'me', ca: ['mother'], ten: 'test', dd: 3 }, keys, Date.now() / 1000);
    server = await startServer({
      isolation: 'inline',
      port: 0,
      host: '127.0.0.1',
      dataFolder: folder,
      env: CLUSTER,
      allowedOrigins: [],
      limitMs: 1_000,
      onLine: () => undefined,
      onError: () => undefined,
    });
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const text = (): string => {
    const audit = join(folder, 'audit');
    if (!existsSync(audit)) return '';
    return readdirSync(audit)
      .map((file) => readFileSync(join(audit, file), 'utf8'))
      .join('');
  };
  /** What was recorded, without what differs each time, which is checked. */
  const records = (): Record[] =>
    text()
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const { time, req_id, ms, ...rest } = JSON.parse(line) as Record;
        expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(req_id).to.match(/^\d{13}\.\d{1,5}$/);
        expect(ms === undefined).to.equal(rest.phase === 'begun');
        return rest;
      });
  const call = (method: string, path: string, json?: object, credential = token): Promise<Answer> =>
    ask(server.url + path, {
      method,
      headers: { Authorization: `Bearer ${credential}`, ...(json && { 'Content-Type': 'application/json' }) },
      ...(json && { body: JSON.stringify(json) }),
    });
  const ME = { address: '127.0.0.1', who: { jti: 'me', ca: ['mother'] } };

  it('says who did what to what, when it begins and how it ended', async () => {
    await call('PUT', '/api/webtask/test/pay', { code: 'return cb => cb()', secrets: { KEY: 'hush' } });
    const act = { ...ME, act: 'PUT /api/webtask/:container/:name', container: 'test', name: 'pay' };
    expect(records()).to.deep.equal([
      { phase: 'begun', ...act },
      { phase: 'ended', ...act, status: 200 },
    ]);
  });

  it('has acts that were refused, with the code of the error', async () => {
    await call('DELETE', '/api/webtask/other/pay');
    const act = { ...ME, act: 'DELETE /api/webtask/:container/:name', container: 'other', name: 'pay' };
    expect(records()).to.deep.equal([
      { phase: 'begun', ...act },
      { phase: 'ended', ...act, status: 403, code: 'CONTAINER_REFUSED' },
    ]);
  });

  it('names the token that is issued or revoked by its id', async () => {
    const issued = (await call('POST', '/api/tokens/issue', { ten: 'test' })).body;
    await call('POST', `/api/tokens/revoke?token=${issued}`);
    const { jti } = JSON.parse(Buffer.from(issued.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
    const ended = records().filter(({ phase }) => phase === 'ended');
    const common = { phase: 'ended', ...ME, container: 'test', jti, status: 200 };
    expect(ended).to.deep.equal([
      { ...common, act: 'POST /api/tokens/issue' },
      { ...common, act: 'POST /api/tokens/revoke' },
    ]);
  });

  it('names the master key by its id', async () => {
    await call('POST', '/api/tokens/issue', {}, CLUSTER.WEBTASK_SIGNING_KEY);
    expect(records()[0]?.who).to.deep.equal({ master_key: keys.current?.kid });
    expect(text()).not.to.contain(CLUSTER.WEBTASK_SIGNING_KEY);
  });

  it('has reading only where it opens secrets', async () => {
    await call('GET', '/api/webtask/test');
    await call('GET', `/api/tokens/inspect?token=${token}`);
    expect(records()).to.deep.equal([]);
    await call('GET', `/api/tokens/inspect?token=${token}&decrypt=1`);
    expect(records().map(({ phase, act, jti }) => [phase, act, jti])).to.deep.equal([
      ['begun', 'GET /api/tokens/inspect', 'me'],
      ['ended', 'GET /api/tokens/inspect', 'me'],
    ]);
  });

  it('has nothing of callers whom nobody knows: they do nothing, and must not push out what others did', async () => {
    await call('DELETE', '/api/webtask/test/pay', undefined, 'guess');
    expect(records()).to.deep.equal([]);
  });

  it('has a webtask that issues a token', async () => {
    const code = 'return (ctx, cb) => ctx.create_token({ ten: "test" }, cb)';
    await call('PUT', '/api/webtask/test/mint', { code });
    expect((await ask(`${server.url}/api/run/test/mint`)).status).to.equal(200);
    const own = records().filter(({ act }) => act === 'create_token');
    expect(own.map(({ phase, container, name }) => ({ phase, container, name }))).to.deep.equal([
      { phase: 'begun', container: 'test', name: 'mint' },
      { phase: 'ended', container: 'test', name: 'mint' },
    ]);
  });

  it('holds neither credentials nor secrets nor code', async () => {
    await call('PUT', '/api/webtask/test/pay?key=abc', { code: 'return "the code"', secrets: { KEY: 'hush' } });
    await call('GET', '/api/webtask/test/pay?decrypt=1');
    for (const secret of [token, 'hush', 'the code', 'abc']) expect(text(), secret).not.to.contain(secret);
  });

  it('comes before the act: what cannot be recorded is refused, and not done', async () => {
    writeFileSync(join(folder, 'audit'), 'a file in the place of the folder');
    const code = 'return cb => cb()';
    const message = 'the request was refused, since no record of it can be written: EEXIST';
    expect(apiError(await call('PUT', '/api/webtask/test/pay', { code }))).to.deep.equal(proxyError(503, message));
    rmSync(join(folder, 'audit'));
    expect((await call('GET', '/api/webtask/test/pay')).status).to.equal(404);
    expect((await call('PUT', '/api/webtask/test/pay', { code })).status).to.equal(200);
  });

  it('has every route that changes something', async () => {
    for (const route of (await registeredRoutes()).filter(({ method }) => method !== 'GET')) {
      const { path, ...request } = requestTo(route, { container: 'test', name: 'none' });
      const headers = { ...request.headers, Authorization: `Bearer ${CLUSTER.WEBTASK_SIGNING_KEY}` };
      const before = records().length;
      await ask(server.url + path, { ...request, headers });
      const added = records().slice(before);
      const act = `${route.method} ${route.url}`;
      // A token that is none is found out before anybody is asked who they are.
      if (act === 'POST /api/tokens/revoke') continue;
      expect(added.map(({ phase, act }) => ({ phase, act }))).to.deep.equal([
        { phase: 'begun', act },
        { phase: 'ended', act },
      ]);
    }
  });
});
