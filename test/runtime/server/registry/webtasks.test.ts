import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { storedCodeUrl } from '../../../../runtime/server/registry/registry.ts';
import { type KeySet, loadKeySet, signToken } from '../../../../runtime/token/index.ts';
import { CREATES } from '../../../support/creates.ts';
import { type FaultyDynamoDB, startFaultyDynamoDB } from '../../../support/faulty-dynamodb.ts';

const HELLO = "module.exports = (cb) => cb(null, 'hello');";

describe('the API of named webtasks', () => {
  let folder = '';
  let keys: KeySet;
  let headers: Record<string, string>;
  let server: RunningServer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webtask-webtasks-'));
    keys = await loadKeySet({ dataFolder: folder, env: {} });
    headers = { Authorization: `Bearer ${signToken({ ten: 'dev', dd: 5 }, keys, Date.now() / 1000)}` };
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const start = (env: NodeJS.ProcessEnv = {}): Promise<RunningServer> =>
    startServer({
      isolation: 'inline',
      port: 0,
      host: '127.0.0.1',
      dataFolder: folder,
      env,
      allowedOrigins: [],
      limitMs: 1000,
      onLine: () => undefined,
      onError: () => undefined,
    });
  const call = (method: string, path: string, json?: object): Promise<Response> =>
    fetch(server.url + path, {
      method,
      headers: { ...headers, ...(json && { 'Content-Type': 'application/json' }) },
      ...(json && { body: JSON.stringify(json) }),
    });

  describe('given anything at all', () => {
    before(async () => {
      server = await start();
      await call('PUT', '/api/webtask/dev/there', { code: HELLO });
    });
    after(() => server.close());

    const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];
    const segment = fc.oneof(
      fc.constantFrom(
        'dev',
        'there',
        'data',
        'other',
        '%',
        '%2F',
        '%00',
        '..',
        '',
        'a'.repeat(600),
        '%ff',
        '__proto__',
      ),
      fc.string({ maxLength: 8 }).map((it) => encodeURIComponent(it)),
    );
    const query = fc.oneof(
      fc.constantFrom(
        '',
        '?meta=a',
        '?meta=a:b&meta=:',
        '?offset=1e9&limit=1',
        '?limit=-1',
        '?fetch_code=%',
        '?decrypt',
      ),
      fc.string({ maxLength: 8 }).map((it) => `?${encodeURIComponent(it)}`),
    );
    const root = fc.constantFrom('/api/webtask', '/api/cache', '/api/run', '/api');
    const path = fc
      .tuple(root, fc.array(segment, { maxLength: 4 }), query)
      .map(([start_, segments, end]) => [start_, ...segments].join('/') + end);
    const body = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.string(),
      fc
        .dictionary(fc.constantFrom('code', 'url', 'secrets', 'meta', 'host', 'data', 'etag', 'x'), fc.jsonValue())
        .map((it) => JSON.stringify(it)),
    );
    const type = fc.constantFrom('application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x');

    /** Sends a path as it is, which fetch would put right. */
    const send = (method: string, url: string, contentType: string, text: string): Promise<[number, string]> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(server.url);
        const all = { ...headers, 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) };
        request({ hostname, port, method, path: url, headers: all }, (response) => {
          let answer = '';
          response.setEncoding('utf8').on('data', (chunk) => {
            answer += chunk;
          });
          response.on('end', () => resolve([response.statusCode ?? 0, answer]));
        })
          .on('error', reject)
          .end(text);
      });

    it('answers with what was asked for, or says in words why not', async () => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...METHODS), path, type, body, async (method, url, contentType, text) => {
          const [status, answer] = await send(method, url, contentType, text);
          if (status < 400) return;
          const said = JSON.parse(answer) as { code?: unknown; message?: unknown };
          expect(status, answer).to.be.below(500);
          expect(said.code, answer).to.equal(status);
          expect(said.message, answer).to.be.a('string').and.not.equal('');
        }),
        { numRuns: 400 },
      );
    }).timeout(60_000);
  });

  it("runs nobody's code in another container, whatever URL a token was signed with", async () => {
    server = await start();
    const other = { Authorization: `Bearer ${signToken({ ten: 'other', dd: 5 }, keys, Date.now() / 1000)}` };
    const path = `${server.url}/api/webtask/other/private`;
    const put = { method: 'PUT', headers: { ...other, 'Content-Type': 'application/json' } };
    expect((await fetch(path, { ...put, body: JSON.stringify({ code: HELLO }) })).status).to.equal(200);

    const url = storedCodeUrl({ container: 'other', name: 'private' });
    const asked = await call('POST', '/api/tokens/issue', { ten: 'dev', url });
    expect(asked.status).to.equal(400);
    const key = signToken({ ten: 'dev', url }, keys, Date.now() / 1000);
    const refused = await fetch(`${server.url}/api/run/dev?key=${key}`);
    expect([refused.status, ((await refused.json()) as { message: string }).message]).to.deep.equal([
      403,
      'not authorized to perform operation on tenant `other`',
    ]);
    await server.close();
  });

  it(`takes ${CREATES} creates of one name at once`, async () => {
    server = await start();
    const creates = Array.from({ length: CREATES }, async (_, i) => {
      const code = `module.exports = (cb) => cb(null, [${i % 7}]);`;
      const answer = await call('POST', '/api/tokens/issue', {
        ten: 'dev',
        jtn: 'same',
        code,
        meta: { i: String(i % 7) },
      });
      return [answer.status, await answer.text()] as const;
    });
    const answers = await Promise.all(creates);
    expect(answers.filter(([status]) => status !== 200)).to.deep.equal([]);
    const found = (await (await call('GET', '/api/webtask/dev/same?fetch_code=1')).json()) as Record<string, unknown>;
    expect(answers.map(([, token]) => token)).to.include(found.token);
    const { i } = found.meta as { i: string };
    expect(found.code).to.equal(`module.exports = (cb) => cb(null, [${i}]);`);
    expect(await (await fetch(`${server.url}/api/run/dev/same`)).text()).to.equal(`[${i}]`);
    await server.close();
  }).timeout(60_000);

  describe('over a store that fails', () => {
    let dynamodb: FaultyDynamoDB;

    before(async () => {
      dynamodb = await startFaultyDynamoDB('webtasks');
      server = await start({ WEBTASK_DYNAMODB_TABLE: 'webtasks' });
      expect((await call('PUT', '/api/webtask/dev/there', { code: HELLO })).status).to.equal(200);
    });
    after(async () => {
      await server.close();
      await dynamodb.close();
    });

    const ROUTES = [
      ['GET', '/api/run/dev/never-run'], // of one that has run, the name is known for a moment
      ['GET', '/api/webtask/dev'],
      ['GET', '/api/webtask/dev/there'],
      ['PUT', '/api/webtask/dev/there', { code: HELLO }],
      ['DELETE', '/api/webtask/dev/there'],
      ['GET', '/api/webtask/dev/there/data'],
      ['PUT', '/api/webtask/dev/there/data', { data: '1' }],
    ] as const;

    for (const fault of ['refuses', 'throttles', 'cuts'] as const) {
      for (const [method, path, json] of ROUTES) {
        it(`that ${fault}, answers ${method} ${path} with 502 and why, and works once the store does`, async () => {
          dynamodb.fault = fault;
          const answer = await call(method, path, json);
          const { code, message } = (await answer.json()) as Record<string, unknown>;
          dynamodb.fault = 'none';
          expect([answer.status, code]).to.deep.equal([502, 502]);
          expect(message).to.match(/^(The store did not answer: .+|revocation check failed)$/);
          expect(await (await fetch(`${server.url}/api/run/dev/there`)).text()).to.equal('"hello"');
        });
      }
    }
  });
});
