import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { loadKeySet, signToken } from '../../../../runtime/token/index.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { type Answer, apiError, ask, CLUSTER, proxyError } from '../../../support/server.ts';

const METRICS_TOKEN = 'prometheus-may-read-this';

describe('/metrics', () => {
  let server: RunningServer;
  let folder: string;
  let token: string;
  const OPTIONS = {
    isolation: 'inline' as const,
    port: 0,
    host: '127.0.0.1',
    allowedOrigins: [],
    limitMs: 1_000,
    onLine: () => undefined,
    onError: () => undefined,
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-metrics-'));
    const keys = await loadKeySet({ dataFolder: folder, env: CLUSTER });
    token = signToken({ ten: 'test', dd: 3, jti: 'me' }, keys, Date.now() / 1000);
    server = await startServer({
      ...OPTIONS,
      dataFolder: folder,
      env: { ...CLUSTER, WEBTASK_METRICS_TOKEN: METRICS_TOKEN },
    });
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const scrape = (credential: string | undefined, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(`${server.url}/metrics`, {
      headers: { ...(credential && { Authorization: `Bearer ${credential}` }), ...headers },
    });
  const send = (method: string, path: string, body?: string): Promise<Answer> =>
    ask(server.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body }),
    });
  /** The samples of our own metrics, without how long things took. */
  const samples = async (): Promise<string[]> => {
    const { body } = await scrape(METRICS_TOKEN);
    return body.split('\n').filter((line) => /^webtask_/.test(line) && !/_(bucket|sum)/.test(line));
  };

  describe('is read', () => {
    it('with the token of WEBTASK_METRICS_TOKEN, in the format of Prometheus', async () => {
      const { status, headers, body } = await scrape(METRICS_TOKEN);
      expect([status, headers['content-type']]).to.deep.equal([200, 'text/plain; version=0.0.4; charset=utf-8']);
      expect(body)
        .to.match(/^# HELP process_cpu_user_seconds_total /m)
        .and.to.match(/^webtask_runs_in_flight 0$/m);
    });

    it('by whoever manages the whole cluster', async () => {
      expect((await scrape(CLUSTER.WEBTASK_SIGNING_KEY)).status).to.equal(200);
    });

    it('by nobody else, also where the request comes from this machine', async () => {
      const missing = 'rejecting request without Authorization header or key URL query parameter';
      expect(apiError(await scrape(undefined))).to.deep.equal(proxyError(403, missing));
      expect(apiError(await scrape(`${METRICS_TOKEN}x`))).to.deep.equal(
        proxyError(403, 'rejecting request with untrusted opaque key'),
      );
      expect(apiError(await scrape(token))).to.deep.equal(
        proxyError(403, 'insufficient permissions to call administrative API'),
      );
    });

    it("on the server's own hosts only", async () => {
      const answer = await scrape(METRICS_TOKEN, { Host: 'shop.example.com' });
      expect(apiError(answer)).to.deep.equal(proxyError(404, 'there is nothing at GET /metrics'));
    });
  });

  it('has a token that reads metrics and nothing else, and is not guessed', async () => {
    const headers = { Authorization: `Bearer ${METRICS_TOKEN}` };
    expect((await ask(`${server.url}/api/webtask`, { headers })).status).to.equal(403);
    const env = { ...CLUSTER, WEBTASK_METRICS_TOKEN: 'short' };
    expect(await refusalOf(startServer({ ...OPTIONS, dataFolder: folder, env }))).to.include({
      code: 'SETTING_INVALID',
      message: 'WEBTASK_METRICS_TOKEN cannot be used: it has fewer than 16 characters.',
    });
  });

  it('has no metric that the documentation does not name', async () => {
    const { body } = await scrape(METRICS_TOKEN);
    const names = [...body.matchAll(/^# HELP (webtask_\w+)/gm)].map(([, name]) => name);
    const docs = readFileSync('docs/server.md', 'utf8');
    expect(names.length).to.be.greaterThan(8);
    for (const name of names) expect(docs).to.contain(`\`${name}\``);
  });

  it('counts runs by trigger, class of status and who answered, and those that had to compile', async () => {
    await send('PUT', '/api/webtask/test/pay', '{"code":"module.exports = cb => cb(null, 1)"}');
    for (let i = 0; i < 3; i++) await send('GET', '/api/run/test/pay');
    await send('GET', '/api/run/test/none');
    const found = await samples();
    expect(found.filter((it) => /^webtask_(runs|run_duration|cold)/.test(it))).to.deep.equal([
      'webtask_runs_in_flight 0',
      'webtask_runs_total{trigger="http",result="2xx",source="webtask"} 3',
      'webtask_runs_total{trigger="http",result="4xx",source="proxy"} 1',
      'webtask_run_duration_seconds_count{trigger="http"} 4',
      'webtask_cold_starts_total 1',
    ]);
  });

  it('counts requests by their route, calls of the store and questions for revocations', async () => {
    await send('PUT', '/api/webtask/test/pay', '{"code":"module.exports = cb => cb(null, 1)"}');
    await send('GET', '/nowhere/in/particular');
    const found = await samples();
    expect(found).to.include(
      'webtask_management_requests_total{method="PUT",route="/api/webtask/:container/:name",status="200"} 1',
    );
    expect(found).to.include('webtask_management_requests_total{method="any",route="none",status="404"} 1');
    expect(found).to.include('webtask_revocation_checks_total{result="not revoked"} 1');
    expect(found.join('\n')).to.match(/^webtask_store_calls_total\{operation="put",result="done"\} [1-9]/m);
  });

  it('has no label that comes from a request, so that nobody can make them many, and no secret is among them', async () => {
    await scrape(METRICS_TOKEN); // which is counted from now on
    for (let i = 0; i < 5; i++) {
      await send(
        'PUT',
        `/api/webtask/test/name-${i}`,
        '{"code":"module.exports = cb => cb(null, 1)","secrets":{"KEY":"hush"}}',
      );
      await send('GET', `/api/run/test/name-${i}?key=hush`);
      await send('GET', `/api/run/test-${i}/none`);
      await send(`ODD${i}`, '/nowhere');
    }
    const before = await samples();
    const text = before.join('\n');
    for (const secret of ['hush', token, METRICS_TOKEN, 'name-', 'ODD', 'nowhere']) expect(text).not.to.contain(secret);
    for (let i = 5; i < 10; i++) await send('GET', `/api/run/test-${i}/none`);
    expect((await samples()).length).to.equal(before.length);
  });
});
