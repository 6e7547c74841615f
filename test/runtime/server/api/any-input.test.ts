import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { WebtaskError } from '../../../../runtime/errors.ts';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { loadKeySet, signToken } from '../../../../runtime/token/index.ts';
import { type AnyRequest, askBriefly, errorOf, requestsTo } from '../../../support/any-input.ts';
import { type Route, registeredRoutes } from '../../../support/routes.ts';
import { CLUSTER } from '../../../support/server.ts';

/** Requests for each route; `npm run test:slow` tries more. */
const RUNS = Number(process.env.WEBTASK_TEST_RUNS ?? 15);

const routes = await registeredRoutes();
/** Runs are no routes, and take anything too. */
const RUN_ROUTES: readonly Route[] = [
  { method: 'GET', url: '/api/run/:container/:name', schema: {} },
  { method: 'POST', url: '/api/run/:container', schema: {} },
  { method: 'GET', url: '/:container/:name', schema: {} },
];

describe('input of every kind', () => {
  let server: RunningServer;
  let folder: string;
  let credentials: string[];
  const errors: WebtaskError[] = [];
  const refusals: WebtaskError[] = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-input-'));
    const keys = await loadKeySet({ dataFolder: folder, env: CLUSTER });
    const now = Date.now() / 1000;
    credentials = [
      CLUSTER.WEBTASK_SIGNING_KEY,
      signToken({ ten: 'test', dd: 3, jti: 'parent' }, keys, now),
      signToken({ ten: 'test', dd: 0 }, keys, now),
    ];
    server = await startServer({
      isolation: 'inline',
      port: 0,
      host: '127.0.0.1',
      dataFolder: folder,
      env: { ...CLUSTER, npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' },
      allowedOrigins: [],
      limitMs: 1_000,
      onLine: () => undefined,
      onError: (error) => void errors.push(error),
      onRefusal: (error) => void refusals.push(error),
    });
  });
  beforeEach(() => createPay());
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function createPay() {
    return askBriefly(server.url, {
      method: 'PUT',
      path: '/api/webtask/test/pay',
      headers: { Authorization: `Bearer ${credentials[1]}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ code: 'module.exports = cb => cb(null, "paid")' }),
    });
  }

  /** An answer is a success, or an error that has a name and says so; the platform and the document foresaw it. */
  async function check(request: AnyRequest, route: Route): Promise<void> {
    errors.length = 0;
    refusals.length = 0;
    const answer = await askBriefly(server.url, request);
    if (answer.status >= 400 && request.method !== 'HEAD') {
      const isWebtasks = answer.headers['x-wt-response-source'] === 'webtask';
      if (isWebtasks) expect(JSON.parse(answer.body)).to.include({ code: answer.status });
      else errorOf(answer);
    }
    const unforeseen = errors.find(({ code }) => code === 'INTERNAL');
    if (unforeseen) throw new Error('the platform did not foresee it', { cause: unforeseen.cause });
    const { method, schema } = route;
    if (schema.response === undefined || request.method !== method) return;
    const described = JSON.stringify(schema.response);
    for (const { code } of [...errors, ...refusals]) {
      if (code !== 'ROUTE_UNKNOWN') expect(described, request.path).to.include(`\`${code}\``);
    }
  }

  for (const route of [...routes, ...RUN_ROUTES]) {
    it(`is a success or a named error: ${route.method} ${route.url}`, async function () {
      const token = credentials[2] ?? '';
      this.timeout(20_000 + RUNS * 200);
      const property = fc.asyncProperty(
        fc.constant(0).chain(() => requestsTo(route, { container: 'test', name: 'pay', token }, credentials)),
        (request) => check(request, route),
      );
      await fc.assert(property, { numRuns: RUNS });
    });
  }

  it('leaves the server as it was', async () => {
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
    const { status, body } = await askBriefly(server.url, { method: 'GET', path: '/api/run/test/pay' });
    expect({ status, body }).to.deep.equal({ status: 200, body: '"paid"' });
  });
});
