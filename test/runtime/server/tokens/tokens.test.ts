import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { type KeySet, loadKeySet, signToken } from '../../../../runtime/token/index.ts';

const jtiOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')).jti;

describe('the API of tokens', () => {
  let folder = '';
  let keys: KeySet;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webtask-tokens-'));
    keys = await loadKeySet({ dataFolder: folder, env: {} });
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
  const tokenFor = (claims: object) => signToken({ dd: 5, ...claims }, keys, Date.now() / 1000);

  describe('given anything at all', () => {
    let server: RunningServer;
    before(async () => {
      server = await start();
    });
    after(() => server.close());

    const claimNames = fc.constantFrom(
      'ten',
      'dd',
      'jtn',
      'url',
      'code',
      'ectx',
      'pctx',
      'meta',
      'exp',
      'ls',
      'host',
      'x',
    );
    const bodies = fc.oneof(
      fc.dictionary(claimNames, fc.jsonValue({ maxDepth: 2 })).map((it) => JSON.stringify(it)),
      fc.json({ maxDepth: 3 }),
      fc.string(),
    );
    const types = fc.constantFrom(
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/octet-stream',
      'x',
    );
    const flags = fc.string({ maxLength: 5 });

    /** What was answered, where that is neither success nor an error with its words. */
    async function oddAnswer(response: Response): Promise<unknown> {
      const text = await response.text();
      if (response.status === 200) return undefined;
      const { code, message, req_id } = JSON.parse(text) as Record<string, unknown>;
      const isPlain = response.status < 500 && code === response.status;
      return isPlain && typeof message === 'string' && message !== '' && typeof req_id === 'string' ? undefined : text;
    }

    it('issues, or says in words why not', async () => {
      const headers = { Authorization: `Bearer ${tokenFor({ ten: 'dev' })}` };
      await fc.assert(
        fc.asyncProperty(bodies, types, async (body, type) => {
          const init = { method: 'POST', body, headers: { ...headers, 'Content-Type': type } };
          expect(await oddAnswer(await fetch(`${server.url}/api/tokens/issue`, init))).to.equal(undefined);
        }),
        { numRuns: 150 },
      );
    });

    it('inspects and revokes, or says in words why not', async () => {
      const headers = { Authorization: `Bearer ${tokenFor({ ten: 'dev' })}` };
      const tokens = fc.oneof(fc.string(), fc.constantFrom('a.b.c', '..', tokenFor({ ten: 'other' })));
      await fc.assert(
        fc.asyncProperty(tokens, flags, bodies, types, async (token, flag, body, type) => {
          const query = `token=${encodeURIComponent(token)}`;
          const asked = `${server.url}/api/tokens/inspect?${query}&decrypt=${encodeURIComponent(flag)}`;
          expect(await oddAnswer(await fetch(asked, { headers }))).to.equal(undefined);
          const init = { method: 'POST', body, headers: { ...headers, 'Content-Type': type } };
          expect(await oddAnswer(await fetch(`${server.url}/api/tokens/revoke?${query}`, init))).to.equal(undefined);
          expect(await oddAnswer(await fetch(`${server.url}/api/tokens/revoke`, init))).to.equal(undefined);
        }),
        { numRuns: 50 },
      );
    });

    it('keeps what it answers out of every cache', async () => {
      const headers = { Authorization: `Bearer ${tokenFor({ ten: 'dev' })}` };
      const answer = await fetch(`${server.url}/api/tokens/issue`, { method: 'POST', headers });
      expect(answer.headers.get('cache-control')).to.equal('no-store');
    });

    it('does not let who signs for few containers act as an ancestor in others', async () => {
      const parent = tokenFor({ ten: 'shop', jti: 'a'.repeat(32) });
      const child = tokenFor({ ten: 'shop', ca: ['a'.repeat(32)] });
      const forged = tokenFor({ ten: 'books', jti: 'a'.repeat(32) });
      const revoke = (token: string, by: string) =>
        fetch(`${server.url}/api/tokens/revoke?token=${token}`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${by}` },
        });
      const inspect = (token: string, by: string) =>
        fetch(`${server.url}/api/tokens/inspect?token=${token}`, { headers: { Authorization: `Bearer ${by}` } });
      expect((await inspect(child, forged)).status).to.equal(403);
      expect((await revoke(child, forged)).status).to.equal(403);
      expect((await revoke(parent, forged)).status).to.equal(403);
      expect((await inspect(child, parent)).status).to.equal(200);
      expect((await revoke(child, parent)).status).to.equal(200);
    });
  });

  it('asks the webtask that keeps the revocations, and runs nothing without it', async () => {
    const list = `const list = new Set();
      module.exports = (ctx, req, res) => {
        if (req.method === 'PUT') list.add(ctx.query.jti);
        const found = list.has(ctx.query.jti);
        res.writeHead(found ? 200 : 404, { 'Revocation-Status': found ? 'revoked' : 'active' });
        res.end();
      };`;
    const keeper = await start();
    const issue = async (server: RunningServer, claims: object): Promise<string> => {
      const answer = await fetch(`${server.url}/api/tokens/issue`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${tokenFor({ ten: 'dev' })}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ ten: 'dev', dd: 0, ...claims }),
      });
      return answer.text();
    };
    const key = await issue(keeper, { code: list });
    const asking = await start({ WEBTASK_REVOCATION_URL: `${keeper.url}/api/run/dev?key=${key}` });
    try {
      const run = async (token: string) => (await fetch(`${asking.url}/api/run/dev?key=${token}`)).status;
      const [one, other] = [await issue(asking, { code: 'return cb => cb()' }), tokenFor({ ten: 'dev' })];
      expect(await run(one)).to.equal(200);
      const headers = { Authorization: `Bearer ${one}` };
      const revoked = await fetch(`${asking.url}/api/tokens/revoke?token=${one}`, { method: 'POST', headers });
      expect(revoked.status).to.equal(200);
      expect(await run(one)).to.equal(403);
      const known = await fetch(`${keeper.url}/api/run/dev?key=${key}&jti=${jtiOf(one)}`);
      expect(known.headers.get('revocation-status')).to.equal('revoked');
      await keeper.close();
      expect(await run(other)).to.equal(502);
      expect(await run(one)).to.equal(403);
    } finally {
      await asking.close();
    }
  });

  describe('over a store that does not answer', () => {
    const AWS = {
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    const saved: Record<string, string | undefined> = {};
    let server: RunningServer;
    before(async () => {
      for (const [name, value] of Object.entries(AWS)) {
        saved[name] = process.env[name];
        process.env[name] = value;
      }
      server = await start({ WEBTASK_DYNAMODB_TABLE: 'nowhere' });
    });
    after(async () => {
      await server.close();
      for (const [name, value] of Object.entries(saved)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });

    const body = 'module.exports = cb => cb()';
    for (const path of ['/api/run/dev', '/api/tokens/issue', '/api/tokens/revoke?token=']) {
      it(`answers ${path} with 502, since a question without an answer is no yes`, async () => {
        const token = tokenFor({ ten: 'dev' });
        const answer = await fetch(server.url + path + (path.endsWith('=') ? token : ''), {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain' },
          ...(path.startsWith('/api/run') && { body }),
        });
        const { code, message } = (await answer.json()) as Record<string, unknown>;
        expect({ status: answer.status, code, message }).to.deep.equal({
          status: 502,
          code: 502,
          message: 'revocation check failed',
        });
      });
    }
  });
});
