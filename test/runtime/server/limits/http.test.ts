import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { WebtaskError } from '../../../../runtime/errors.ts';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { loadKeySet, signToken, type TokenClaims } from '../../../../runtime/token/index.ts';
import { type FaultyDynamoDB, startFaultyDynamoDB } from '../../../support/faulty-dynamodb.ts';
import { CLUSTER } from '../../../support/server.ts';

const TABLE = 'limits';

describe('rate limits of two servers over one table', () => {
  let dynamodb: FaultyDynamoDB;
  let servers: RunningServer[] = [];
  let sign: (claims: TokenClaims) => string;
  const folders: string[] = [];
  const errors: WebtaskError[] = [];

  before(async () => {
    dynamodb = await startFaultyDynamoDB(TABLE);
    const env = { ...CLUSTER, WEBTASK_DYNAMODB_TABLE: TABLE };
    const start = async (): Promise<RunningServer> => {
      const dataFolder = mkdtempSync(join(tmpdir(), 'webtask-limits-'));
      folders.push(dataFolder);
      const common = {
        isolation: 'inline' as const,
        port: 0,
        host: '127.0.0.1',
        allowedOrigins: [],
        limitMs: 5000,
        onLine: () => undefined,
      };
      return startServer({ ...common, dataFolder, env, onError: (error) => void errors.push(error) });
    };
    servers = [await start(), await start()];
    const keys = await loadKeySet({ dataFolder: folders[0] ?? '', env });
    sign = (claims) => signToken({ ten: 'shop', ...claims }, keys, Date.now() / 1000);
  });
  after(async () => {
    dynamodb.fault = 'none';
    for (const server of servers) await server.close();
    await dynamodb.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const run = (server: RunningServer | undefined, token: string): Promise<Response> =>
    fetch(`${server?.url}/api/run/shop`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body: 'module.exports = cb => cb(null, "ran")',
    });

  it('let one run through where the limit is one, however many ask at the same time', async () => {
    const token = sign({ jti: 'one', lto: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => run(servers[i % 2], token)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).to.deep.equal([200, ...Array.from({ length: 19 }, () => 429)]);
  });

  it('let what is reserved through while the table does not answer, and then answer with 503', async () => {
    const token = sign({ jti: 'two', lto: 30 });
    expect((await run(servers[0], token)).status).to.equal(200);
    dynamodb.fault = 'refuses';
    const statuses: number[] = [];
    for (let i = 0; i < 2; i++) statuses.push((await run(servers[0], token)).status);
    expect(statuses).to.deep.equal([200, 200]);
    const refused = await run(servers[0], token);
    expect(refused.status).to.equal(503);
    expect(refused.headers.get('x-wt-response-source')).to.equal('proxy');
    const { code, message } = (await refused.json()) as Record<string, unknown>;
    expect({ code, message }).to.deep.equal({
      code: 503,
      message:
        'the run cannot be counted in the rate limits of its token, and so does not begin: The store did not answer: no.',
    });
    expect(errors.map((error) => error.code)).to.deep.equal(['LIMIT_UNCHARGED']);
    dynamodb.fault = 'none';
    expect((await run(servers[0], token)).status).to.equal(200);
  });
});
