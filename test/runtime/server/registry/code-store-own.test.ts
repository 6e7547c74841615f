import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import { STORE_CODE } from '../../../support/store-code.ts';

const MASTER = '11'.repeat(32);

/** As on the original platform, where extension points were webtasks of the cluster itself. */
describe('code that a webtask of the same cluster keeps', function () {
  this.timeout(20_000);
  let folder: string;
  let bucket: Origin;
  let server: RunningServer;
  let key: string;
  const objects = new Map<string, Buffer>();

  const start = async (port: number, env: NodeJS.ProcessEnv): Promise<void> => {
    server = await startServer({
      isolation: 'inline',
      port,
      host: '127.0.0.1',
      dataFolder: folder,
      env: { WEBTASK_SIGNING_KEY: MASTER, WEBTASK_ENCRYPTION_KEY: '22'.repeat(32), ...env },
      allowedOrigins: [],
      limitMs: 2000,
      onLine: () => undefined,
      onError: () => undefined,
    });
  };
  const issue = async (claims: object): Promise<string> => {
    const answer = await fetch(`${server.url}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${MASTER}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(claims),
    });
    const text = await answer.text();
    expect(answer.status, text).to.equal(200);
    return text;
  };
  const textOf = async (path: string): Promise<string> => (await fetch(`${server.url}/api/run/${path}`)).text();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-code-store-own-'));
    bucket = await startOrigin(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      if (req.method === 'PUT') objects.set(req.url ?? '', Buffer.concat(chunks));
      const object = objects.get(req.url ?? '');
      res.writeHead(object ? 200 : 404).end(object);
    });
    await start(0, {});
    const secrets = { access_key_id: 'a', secret_access_key: 's', region: 'r', bucket: bucket.origin };
    key = await issue({ ten: 'ops', jtn: 'store', code: STORE_CODE, dd: 1, ectx: secrets });
    await issue({ ten: 'dev', jtn: 'before', code: 'module.exports = cb => cb(null, "before")' });
    const port = Number(new URL(server.url).port);
    await server.close();
    await start(port, { WEBTASK_CODE_STORE_URL: `${server.url}/api/run/ops?key=${key}` });
  });
  after(async () => {
    await server.close();
    await bucket.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is kept and run', async () => {
    await issue({ ten: 'dev', jtn: 'hello', code: 'module.exports = cb => cb(null, "Hello")' });
    expect(await textOf('dev/hello')).to.equal('"Hello"');
    expect(objects.size).to.equal(2);
  });

  it('leaves alone what was there before', async () => {
    expect(await textOf('dev/before')).to.equal('"before"');
  });

  it('is kept by the webtask as it is now: an update of that one stays in the cluster’s own store', async () => {
    const before = objects.size;
    const secrets = { access_key_id: 'a', secret_access_key: 's', region: 'r', bucket: bucket.origin };
    const code = STORE_CODE.replace('Location: url', "Location: url, 'X-Store': '2'");
    await issue({ ten: 'ops', jtn: 'store', code, dd: 1, ectx: secrets });
    expect(objects.size).to.equal(before);
    const put = await fetch(`${server.url}/api/run/ops?key=${key}&path=code/x/y`, { method: 'PUT', body: 'x' });
    expect([put.status, put.headers.get('x-store')]).to.deep.equal([200, '2']);
    await issue({ ten: 'dev', jtn: 'after', code: 'module.exports = cb => cb(null, "after")' });
    expect(await textOf('dev/after')).to.equal('"after"');
  });
});
