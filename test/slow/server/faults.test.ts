import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { WebtaskError } from '../../../runtime/errors.ts';
import { type RunningServer, startServer } from '../../../runtime/server/index.ts';
import { type KeySet, loadKeySet, signToken } from '../../../runtime/token/index.ts';
import { askBriefly, errorOf } from '../../support/any-input.ts';
import { type Fault, type FaultyDynamoDB, startFaultyDynamoDB } from '../../support/faulty-dynamodb.ts';
import { GOOD_BODIES, type Route, registeredRoutes, requestTo } from '../../support/routes.ts';
import { type Answer, ask, CLUSTER } from '../../support/server.ts';

/** Routes that ask the store nothing, for the master key. */
const WITHOUT_STORE = [
  'GET /healthz',
  'GET /api/openapi.json',
  'DELETE /api/cache/:container',
  'DELETE /api/cache/:container/:name',
  'GET /api/env/node/modules/*',
  'POST /api/env/node/modules',
  'GET /api/logs/tenant/:container',
];

interface Case {
  readonly title: string;
  /** Of its own, so that all can be under way at once. */
  readonly name: string;
  send(): Promise<Answer>;
}

describe('a store that fails', () => {
  let dynamodb: FaultyDynamoDB;
  let server: RunningServer;
  let folder: string;
  let keys: KeySet;
  let routes: Route[];
  let errors: WebtaskError[];
  const headers = { Authorization: `Bearer ${CLUSTER.WEBTASK_SIGNING_KEY}` };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-faults-'));
    dynamodb = await startFaultyDynamoDB('faults');
    const env = { ...CLUSTER, WEBTASK_DYNAMODB_TABLE: 'faults' };
    keys = await loadKeySet({ dataFolder: folder, env });
    routes = await registeredRoutes();
    errors = [];
    server = await startServer({
      isolation: 'inline',
      port: 0,
      host: '127.0.0.1',
      dataFolder: folder,
      env,
      allowedOrigins: [],
      limitMs: 5_000,
      onLine: () => undefined,
      onError: (error) => void errors.push(error),
    });
  });
  after(async () => {
    dynamodb.fault = 'none';
    await server.close();
    await dynamodb.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const put = (name: string, path: string, json: object, what = 'webtask'): Promise<Answer> =>
    ask(`${server.url}/api/${what}/test/${name}${path}`, {
      method: 'PUT',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify(json),
    });

  /** A request for every route, and for the runs, each with a webtask of its own. */
  async function cases(fault: string): Promise<Case[]> {
    const all = routes.map((route, i): Case => {
      const title = `${route.method} ${route.url}`;
      const name = `${fault}-${i}`;
      const token = signToken({ ten: 'test', jtn: name, jti: name }, keys, Date.now() / 1000);
      const { path, ...request } = requestTo(route, { container: 'test', name, token });
      const own = JSON.stringify(GOOD_BODIES[title])?.replace('NAME', name);
      const question = { ...request, ...(own && { body: own }), headers: { ...request.headers, ...headers } };
      return { title, name, send: () => askBriefly(server.url, { ...question, path }) };
    });
    const name = `${fault}-run`;
    all.push({ title: 'GET /api/run/:container/:name', name, send: () => ask(`${server.url}/api/run/test/${name}`) });
    for (const { name, title } of all) {
      const made = [
        await put(name, '', { code: 'return cb => cb(null, "old")' }),
        await put(name, '/data', { data: '"old"' }),
        ...(title.includes('/api/cron/') ? [await put(name, '', { schedule: '0 0 1 1 *' }, 'cron')] : []),
      ];
      expect(new Set(made.map(outcome))).to.deep.equal(new Set(['done']));
    }
    return all;
  }

  /** An answer by the name of its error. */
  const outcome = (answer: Answer): string => (answer.status < 400 ? 'done' : errorOf(answer));

  for (const fault of ['refuses', 'throttles', 'garbles', 'cuts', 'hangs'] satisfies Fault[]) {
    it(`is a named error in time under each route while it ${fault}, and none when it answers again`, async function () {
      this.timeout(60_000);
      const all = await cases(fault);
      errors.length = 0;
      dynamodb.fault = fault;
      const startedAt = Date.now();
      const answers = await Promise.all(all.map(({ send }) => send()));
      expect(Date.now() - startedAt).to.be.lessThan(20_000);
      dynamodb.fault = 'none';
      for (const [i, answer] of answers.entries()) {
        const title = all[i]?.title ?? '';
        const found = outcome(answer);
        if (WITHOUT_STORE.includes(title)) expect(found, title).to.match(/^(done|NOT_CACHED|MODULE_\w+)$/);
        // What is read may be known, as what is ready was found out up to a second ago.
        else if (title.startsWith('GET')) expect(found, title).to.match(/^(done|NOT_READY|STORE_UNREACHABLE)$/);
        else expect(found, title).to.equal('STORE_UNREACHABLE');
      }
      expect(errors.filter(({ code }) => code === 'INTERNAL')).to.deep.equal([]);

      for (const { title, send } of all) {
        if (WITHOUT_STORE.includes(title)) continue;
        let found = outcome(await send());
        while (title === 'GET /readyz' && found === 'NOT_READY') found = outcome(await send());
        expect(found, title).to.equal('done');
      }
    });
  }

  it('slowly is waited for', async function () {
    this.timeout(60_000);
    const all = await cases('slow');
    dynamodb.fault = 'slow';
    const answers = await Promise.all(all.map(({ send }) => send()));
    dynamodb.fault = 'none';
    for (const [i, answer] of answers.entries()) expect(outcome(answer), all[i]?.title).to.match(/^(done|NOT_CACHED)$/);
  });

  it('in the middle of a write leaves the old webtask or the new one, and acknowledges nothing that it did not do', async function () {
    this.timeout(60_000);
    const old = { code: 'return cb => cb(null, "old")', meta: { is: 'old' } };
    const replacement = { code: 'return cb => cb(null, "new")', meta: { is: 'new' } };
    let refused = 0;
    for (const fault of ['refuses', 'cuts'] satisfies Fault[]) {
      for (let spared = 0; spared < 8; spared++) {
        const name = `middle-${fault}-${spared}`;
        await put(name, '', old);
        Object.assign(dynamodb, { fault, spared });
        const { status } = await put(name, '', replacement);
        Object.assign(dynamodb, { fault: 'none', spared: 0 });
        if (status !== 200) refused += 1;
        const { body } = await ask(`${server.url}/api/webtask/test/${name}?fetch_code=1`, { headers });
        const { code, meta } = JSON.parse(body) as { code: string; meta: object };
        expect([old, replacement]).to.deep.include({ code, meta });
        if (status === 200) expect({ code, meta }).to.deep.equal(replacement);
        expect((await ask(`${server.url}/api/run/test/${name}`)).body).to.equal(
          `"${code === old.code ? 'old' : 'new'}"`,
        );
      }
    }
    expect(refused).to.be.within(4, 15);
  });

  it('is no reason to believe a token: who cannot be asked whether it is revoked is refused', async () => {
    const token = signToken({ ten: 'test', jti: 'unasked', dd: 1 }, keys, Date.now() / 1000);
    dynamodb.fault = 'refuses';
    const answer = await ask(`${server.url}/api/webtask/test`, { headers: { Authorization: `Bearer ${token}` } });
    dynamodb.fault = 'none';
    expect(outcome(answer)).to.equal('REVOCATION_CHECK_FAILED');
  });
});
