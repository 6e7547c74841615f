import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Job } from '../../../../runtime/server/cron/job.ts';
import { createJobs, type JobRun } from '../../../../runtime/server/cron/jobs.ts';
import { openStore } from '../../../../runtime/store/index.ts';
import { CLAIM_MS, cronBed, success, VALID } from '../../../support/cron.ts';
import { ask, startTestServer, type TestServer } from '../../../support/server.ts';
import { until } from '../../../support/until.ts';

const JOB = { container: 'test', name: 'job' };

describe('a server with cron jobs', function () {
  this.timeout(60_000);
  let folder = '';
  let server: TestServer | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-cron-'));
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function call(method: string, path: string, body: object): Promise<void> {
    const { url = '', sign } = server ?? {};
    const headers = { Authorization: `Bearer ${sign?.({ dd: 1 })}`, 'Content-Type': 'application/json' };
    const answer = await ask(url + path, { method, headers, body: JSON.stringify(body) });
    expect(answer.status, answer.body).to.equal(200);
  }

  /** Puts a job of a server that is not there any more: its next time was a minute ago. */
  async function putDueJob(): Promise<void> {
    const store = await openStore(folder, {});
    const aMinuteAgo = () => Date.now() - 61_000;
    const rules = { claimMs: CLAIM_MS, missed: 'skip', maxPerContainer: 1, now: aMinuteAgo } as const;
    await createJobs(async () => store, rules).put(JOB, { schedule: '* * * * *' }, VALID);
    await store.close();
  }

  async function readJob(): Promise<Job | undefined> {
    const store = await openStore(folder, {});
    const bed = cronBed(store);
    const job = await bed.server('reader').jobs.get(JOB);
    await store.close();
    return job;
  }

  it('runs the jobs that it finds when it starts, and keeps the results of those that run when it is closed', async () => {
    const code = `module.exports = (context, cb) => {
      console.log('run for ' + context.body.container + '/' + context.body.name);
      setTimeout(() => cb(null, 'done'), 300);
    };`;
    server = await startTestServer(5_000, { dataFolder: folder });
    await call('PUT', '/api/webtask/test/job', { code });
    await server.close();
    await putDueJob();
    server = await startTestServer(5_000, { dataFolder: folder });
    await server.printed('job | run for test/job');
    await server.close();
    server = undefined;
    const job = await readJob();
    expect(job).to.include({ run_count: 1, error_count: 0 });
    expect(job?.results[0]).to.include({ type: 'success', statusCode: 200, body: '"done"' });
  });

  it('records that the webtask was cut off by the limit of runs', async () => {
    server = await startTestServer(200, { dataFolder: folder });
    await call('PUT', '/api/webtask/test/job', { code: "module.exports = (cb) => { console.log('silent'); };" });
    await server.close();
    await putDueJob();
    server = await startTestServer(200, { dataFolder: folder });
    await server.printed('job | silent');
    await server.close();
    server = undefined;
    const job = await readJob();
    expect(job?.results[0]).to.include({ type: 'error', statusCode: 504 });
    expect(job?.results[0]?.body).to.include('did not answer within 200 ms');
  });

  it('shares the times of its jobs with the others over the same store', async () => {
    const store = await openStore(folder, {});
    const bed = cronBed(store);
    const servers = ['a', 'b', 'c'].map((name) => bed.server(name));
    const names = Array.from({ length: 10 }, (_, i) => `job-${i}`);
    for (const name of names) await servers[0]?.jobs.put({ ...JOB, name }, { schedule: '* * * * *' }, VALID);
    for (const clock of ['10:01', '10:02']) {
      bed.at(clock);
      await Promise.all(servers.map((it) => it.tick()));
    }
    const wanted = ['10:01', '10:02'].flatMap((clock) => names.map((name) => `${name} ${clock}`));
    expect(bed.runs.map((run) => run.slice(2)).sort()).to.deep.equal(wanted.sort());
    expect(bed.errors).to.deep.equal([]);
    await store.close();
  });

  it('claims a run only when it has room for it, so that another server takes what waits', async () => {
    const bed = cronBed();
    const open: (() => void)[] = [];
    const busy = bed.server('busy', {}, async (run: JobRun) => {
      await new Promise<void>((resolve) => open.push(resolve));
      return success(run);
    });
    const idle = bed.server('idle');
    const names = Array.from({ length: 30 }, (_, i) => `job-${i}`);
    for (const name of names) await busy.jobs.put({ ...JOB, name }, { schedule: '5 * * * *' }, VALID);
    bed.at('10:05');
    const ticking = busy.scheduler.tick();
    await until(() => open.length >= 20);
    await idle.tick();
    for (const one of open) one();
    await ticking;
    await busy.scheduler.idle();
    const count = (name: string): number => bed.runs.filter((run) => run.startsWith(name)).length;
    expect([count('busy'), count('idle')]).to.deep.equal([20, 10]);
  });
});
