import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { useDynamoDB } from '../../../../runtime/harness/mocha.ts';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';

const REVOKE = readFileSync(new URL('../../../../webtasks/revoke_dynamodb.ts', import.meta.url), 'utf8');
const MASTER = '11'.repeat(32);

describe('revocations that webtasks/revoke_dynamodb.ts keeps', function () {
  this.timeout(20_000);
  const dynamodb = useDynamoDB({ revoked: 'jti' });
  let folder: string;
  let origin: Origin;
  let keeper: RunningServer;
  let key: string;
  const errors: string[] = [];

  const start = (name: string, env: NodeJS.ProcessEnv = {}): Promise<RunningServer> =>
    startServer({
      isolation: 'inline',
      port: 0,
      host: '127.0.0.1',
      dataFolder: join(folder, name),
      env: { WEBTASK_SIGNING_KEY: MASTER, WEBTASK_ENCRYPTION_KEY: '22'.repeat(32), ...env },
      allowedOrigins: [origin.origin],
      limitMs: 5000,
      onLine: () => undefined,
      onError: (error) => errors.push(error.message),
    });
  const issue = async (url: string, claims: object): Promise<string> => {
    const answer = await fetch(`${url}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${MASTER}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(claims),
    });
    const text = await answer.text();
    expect(answer.status, text).to.equal(200);
    return text;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-revocation-'));
    origin = await startOrigin((_req, res) => res.end(REVOKE));
    keeper = await start('keeper');
    key = await issue(keeper.url, { ten: 'ops', url: `${origin.origin}/revoke.ts`, ectx: dynamodb.secrets });
  });
  after(async () => {
    await keeper.close();
    await origin.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const contract of ['marker', 'seed']) {
    it(`are revocations, by the contract ${contract}; where nobody answers, nothing runs`, async () => {
      errors.length = 0;
      const server = await start(contract, {
        WEBTASK_REVOCATION_URL: `${keeper.url}/api/run/ops?key=${key}`,
        WEBTASK_REVOCATION_CONTRACT: contract,
      });
      const code = 'module.exports = cb => cb(null, "ran")';
      const [parent, other] = [await issue(server.url, { ten: 'dev', dd: 2 }), await issue(server.url, { ten: 'dev' })];
      const run = async (token: string) => {
        const answer = await fetch(`${server.url}/api/run/dev?key=${token}`, { method: 'POST', body: code });
        const text = await answer.text();
        return [answer.status, answer.ok ? text : (JSON.parse(text) as { message: string }).message];
      };
      expect(await run(parent)).to.deep.equal([200, '"ran"']);
      const revoked = await fetch(`${server.url}/api/tokens/revoke?token=${parent}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${MASTER}` },
      });
      expect(revoked.status).to.equal(200);
      expect(await run(parent)).to.deep.equal([403, 'token is revoked']);
      expect(await run(other)).to.deep.equal([200, '"ran"']);
      expect(errors).to.deep.equal([]);
      await server.close();

      // As where the list was moved and the setting was not: its 404 is nobody's no.
      const lost = await start(`${contract}-lost`, {
        WEBTASK_REVOCATION_URL: `${keeper.url}/moved`,
        WEBTASK_REVOCATION_CONTRACT: contract,
      });
      const answer = await fetch(`${lost.url}/api/run/dev?key=${other}`, { method: 'POST', body: code });
      expect([answer.status, ((await answer.json()) as { message: string }).message]).to.deep.equal([
        502,
        'revocation check failed',
      ]);
      await lost.close();
    });
  }
});
