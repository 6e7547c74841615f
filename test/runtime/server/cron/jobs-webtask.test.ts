import { expect } from 'chai';
import type { JobResult } from '../../../../runtime/server/cron/job.ts';
import type { JobRun, Jobs } from '../../../../runtime/server/cron/jobs.ts';
import { createJobsWebtask } from '../../../../runtime/server/cron/jobs-webtask.ts';
import { CLAIM_MS, DAY, success } from '../../../support/cron.ts';
import { cronBackend } from '../../../support/cron-backend.ts';
import { startOrigin } from '../../../support/origin.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { ask, CLUSTER, startTestServer, type TestServer } from '../../../support/server.ts';

const JOB = { container: 'dev', name: 'job' };
const WEBTASK = { token: 'eyJhbGciOiJIUzI1NiJ9.eyJqdG4iOiJqb2IifQ.sig' };
const HISTORY = { offset: 0, limit: 100 };

/** Puts the webtask on a server. Gives its URL. */
async function putBackend(keeper: TestServer, options: Parameters<typeof cronBackend>[0]): Promise<string> {
  const headers = {
    Authorization: `Bearer ${keeper.sign({ ten: 'system', dd: 1 })}`,
    'Content-Type': 'application/json',
  };
  const body = JSON.stringify({ code: cronBackend(options) });
  const { status } = await ask(`${keeper.url}/api/webtask/system/cron`, { method: 'PUT', headers, body });
  expect(status).to.equal(200);
  return `${keeper.url}/api/run/system/cron`;
}

for (const given of ['before', 'after'] as const) {
  describe(`cron jobs that a webtask keeps, which hands them out as they were ${given} that`, function () {
    this.timeout(30_000);
    let keeper: TestServer;
    let url = '';
    let time = 0;
    let jobs: Jobs;
    let others: Jobs;

    before(async () => {
      keeper = await startTestServer();
      url = await putBackend(keeper, { given, secret: 's3cret' });
    });
    after(() => keeper.close());
    beforeEach(async () => {
      await at('10:00');
      const rules = { claimMs: CLAIM_MS, missed: 'skip', now: () => time } as const;
      jobs = createJobsWebtask(`${url}?key=s3cret`, rules);
      others = createJobsWebtask(`${url}?key=s3cret`, rules);
    });
    afterEach(async () => {
      for (const { name } of await jobs.list('dev', { ...HISTORY, meta: [] })) await jobs.remove({ ...JOB, name });
    });

    /** Puts the clock of both sides. */
    async function at(clock: string): Promise<void> {
      time = Date.parse(`${DAY}T${clock}Z`);
      const headers = { Authorization: 'Bearer s3cret' };
      await ask(`${url}/clock`, { method: 'POST', headers, body: JSON.stringify({ now: time }) });
    }
    async function take(from = jobs): Promise<JobRun[]> {
      const runs: JobRun[] = [];
      for await (const run of from.takeDue((error) => expect.fail(String(error)))) runs.push(run);
      return runs;
    }

    it('are put, read, listed, set to rest and removed there', async () => {
      const put = await jobs.put(JOB, { schedule: '5 * * * *' }, WEBTASK);
      expect(put).to.deep.include({
        ...JOB,
        state: 'active',
        schedule: '5 * * * *',
        tz: 'UTC',
        meta: {},
        results: [],
        run_count: 0,
        error_count: 0,
        next_available_at: `${DAY}T10:05:00.000Z`,
        last_scheduled_at: null,
      });
      expect(await jobs.get(JOB)).to.deep.equal(put);
      expect((await jobs.setState(JOB, 'inactive', {}))?.state).to.equal('inactive');
      expect(await jobs.list('dev', { ...HISTORY, meta: [] })).to.have.lengthOf(1);
      expect(await jobs.remove(JOB)).to.equal(true);
      expect(await jobs.remove(JOB)).to.equal(false);
      expect(await jobs.get(JOB)).to.equal(undefined);
      expect(await jobs.setState(JOB, 'active', {})).to.equal(undefined);
      expect(await jobs.history(JOB, HISTORY)).to.equal(undefined);
    });

    it('have a time zone and metadata, which the original does not read from who puts them', async () => {
      const change = { schedule: '0 12 * * *', tz: 'Asia/Tokyo', meta: { k: 'v' } };
      await jobs.put(JOB, change, WEBTASK);
      expect(await jobs.get(JOB)).to.deep.include({ ...change, next_available_at: '2026-11-24T03:00:00.000Z' });
      await jobs.put({ ...JOB, name: 'other' }, { schedule: '0 12 * * *' }, WEBTASK);
      const found = await jobs.list('dev', { ...HISTORY, meta: [['k', 'v']] });
      expect(found.map(({ name }) => name)).to.deep.equal(['job']);
      await jobs.put(JOB, { schedule: '0 13 * * *' }, WEBTASK);
      expect(await jobs.get(JOB)).to.deep.include({ tz: 'Asia/Tokyo', meta: { k: 'v' } });
    });

    it('are listed beyond what one answer of it holds', async () => {
      for (let i = 0; i < 25; i++) await jobs.put({ ...JOB, name: `job-${i}` }, { schedule: '5 * * * *' }, WEBTASK);
      const found = await jobs.list('dev', { offset: 2, limit: 22, meta: [] });
      expect([found.length, found[0]?.name, found[21]?.name]).to.deep.equal([22, 'job-2', 'job-23']);
    });

    it('are run at their times, each time by one of the servers that ask', async () => {
      const names = Array.from({ length: 30 }, (_, i) => `job-${i}`);
      for (const name of names) await jobs.put({ ...JOB, name }, { schedule: '5 * * * *' }, WEBTASK);
      expect(await take()).to.deep.equal([]);
      await at('10:05');
      const runs = (await Promise.all([take(jobs), take(others)])).flat();
      expect(runs.map(({ job }) => job.name).sort()).to.deep.equal([...names].sort());
      expect(new Set(runs.map(({ scheduledAt }) => scheduledAt))).to.deep.equal(new Set([`${DAY}T10:05:00.000Z`]));
      await at('10:06');
      expect(await take()).to.deep.equal([]);
      await at('11:05');
      expect(await take(others)).to.have.lengthOf(30);
    });

    it('do not run for the times that came while they were at rest', async () => {
      await jobs.put(JOB, { schedule: '5 * * * *' }, WEBTASK);
      await jobs.put({ ...JOB, name: 'other' }, { schedule: '5 * * * *', state: 'inactive' }, WEBTASK);
      await jobs.setState(JOB, 'inactive', {});
      await at('10:07');
      expect(await take()).to.deep.equal([]);
      const set = await jobs.setState(JOB, 'active', {});
      expect(set).to.include({ state: 'active', next_available_at: `${DAY}T11:05:00.000Z` });
      const put = await jobs.put({ ...JOB, name: 'other' }, { schedule: '5 * * * *', state: 'active' }, WEBTASK);
      expect(put).to.include({ state: 'active', next_available_at: `${DAY}T11:05:00.000Z` });
      expect(await take()).to.deep.equal([]);
      await at('11:05');
      expect(await take()).to.have.lengthOf(2);
    });

    it('keep their results there, newest first', async () => {
      await jobs.put(JOB, { schedule: '* * * * *' }, WEBTASK);
      for (let minute = 1; minute <= 25; minute++) {
        await at(`10:${String(minute).padStart(2, '0')}`);
        for (const run of await take()) await run.finish(success(run));
      }
      const history = await jobs.history(JOB, HISTORY);
      expect(history).to.have.lengthOf(25);
      expect(history?.[0]).to.deep.include({ type: 'success', statusCode: 200, scheduled_at: `${DAY}T10:25:00.000Z` });
      const second = await jobs.history(JOB, { offset: 1, limit: 1 });
      expect(second).to.deep.equal(history?.slice(1, 2));
      const last = `${DAY}T10:25:00.000Z`;
      expect(await jobs.get(JOB)).to.deep.include({ run_count: 25, last_scheduled_at: last, results: [history?.[0]] });
    });

    it('are not run a second time where their server ended, and go on with the next', async () => {
      await jobs.put(JOB, { schedule: '5 * * * *' }, WEBTASK);
      await at('10:05');
      expect(await take()).to.have.lengthOf(1);
      await at('10:30');
      expect(await take(others)).to.deep.equal([]);
      await at('11:05');
      expect(await take(others)).to.have.lengthOf(1);
    });

    it('are run outside of their schedule when somebody asks', async () => {
      await jobs.put(JOB, { schedule: '5 * * * *' }, WEBTASK);
      const run = await jobs.begin(JOB);
      await run?.finish(success(run));
      expect(await jobs.history(JOB, HISTORY)).to.have.lengthOf(1);
      expect(await jobs.get(JOB)).to.include({ next_available_at: `${DAY}T10:05:00.000Z` });
      expect(await jobs.begin({ ...JOB, name: 'none' })).to.equal(undefined);
    });
  });
}

describe('a webtask that keeps cron jobs and gives no clear answer', () => {
  let answer = { status: 200, body: '' };
  let origin: Awaited<ReturnType<typeof startOrigin>>;
  let jobs: Jobs;
  before(async () => {
    origin = await startOrigin((_req, res) => {
      res.writeHead(answer.status, { Location: '/elsewhere' }).end(answer.body);
    });
    jobs = createJobsWebtask(origin.origin, { claimMs: CLAIM_MS, missed: 'skip', now: Date.now });
  });
  after(() => origin.close());

  const FIX = 'Look at WEBTASK_CRON_URL, and at what that webtask prints.';
  for (const [title, status, body, reason] of [
    ['a 404 that anybody could have sent', 404, '{}', 'GET was answered with 404'],
    ['an error', 500, '{"statusCode":500}', 'GET was answered with 500'],
    ['a redirect', 302, '', 'it cannot be reached'],
    ['no JSON', 200, '<html>', 'its answer of 200 is no JSON'],
    ['something else than a job', 200, '[]', 'it answered with something else than a job'],
    [
      'a job in no state',
      200,
      '{"container":"c","name":"n","schedule":"s"}',
      'it answered with something else than a job',
    ],
  ] as const) {
    it(`is not believed: ${title}`, async () => {
      answer = { status, body };
      expect(await refusalOf(jobs.get(JOB))).to.deep.equal({
        code: 'CRON_STORE_UNANSWERED',
        message: `The webtask that keeps cron jobs gave no answer: ${reason}.`,
        fix: FIX,
      });
    });
  }

  it('says why it refuses a job, in its own words', async () => {
    answer = { status: 400, body: '{"statusCode":400,"message":"too many jobs"}' };
    expect(await refusalOf(jobs.setState(JOB, 'active', {}))).to.include({
      code: 'CRON_STORE_REFUSED',
      message: 'the cron job was refused: too many jobs',
    });
  });
});

describe('a server whose cron jobs a webtask keeps', function () {
  this.timeout(30_000);

  it('answers with them and runs them, and says 502 where the webtask is gone', async () => {
    const keeper = await startTestServer();
    const server = await startTestServer(5_000, {
      env: { ...CLUSTER, WEBTASK_CRON_URL: await putBackend(keeper, {}) },
    });
    const headers = {
      Authorization: `Bearer ${server.sign({ ten: 'test', dd: 1 })}`,
      'Content-Type': 'application/json',
    };
    const call = async (method: string, path: string, body?: object): Promise<[number, unknown]> => {
      const answer = await ask(server.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      return [answer.status, answer.body && JSON.parse(answer.body)];
    };
    await call('PUT', '/api/webtask/test/job', { code: 'module.exports = (cb) => cb(null, 1);' });
    const [status, job] = await call('PUT', '/api/cron/test/job', { schedule: '0 0 1 1 *' });
    expect(status).to.equal(200);
    expect(job).to.include({ name: 'job', state: 'active', cluster_url: server.url });
    const [, result] = await call('POST', '/api/cron/test/job/run', {});
    expect(result).to.include({ type: 'success', statusCode: 200, body: '1' });
    const [, history] = await call('GET', '/api/cron/test/job/history');
    expect(history as JobResult[]).to.have.lengthOf(1);
    await keeper.close();
    const [gone, error] = await call('GET', '/api/cron/test/job');
    expect(gone).to.equal(502);
    expect(error).to.include({
      code: 502,
      message: 'The webtask that keeps cron jobs gave no answer: it cannot be reached.',
    });
    await server.close();
  });
});
