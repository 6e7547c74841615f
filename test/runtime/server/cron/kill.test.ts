import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openStore } from '../../../../runtime/store/index.ts';
import { cronBed, mortal, VALID } from '../../../support/cron.ts';
import { FROM_SOURCE } from '../../../support/program.ts';

const JOB = { container: 'dev', name: 'job' };
const HISTORY = { offset: 0, limit: 100 };
const CLAIMER = fileURLToPath(new URL('./fixtures/claim.ts', import.meta.url));
/** More than there are in one run. */
const WRITES = 14;

describe('a server that is killed after any of its writes', () => {
  for (let writes = 0; writes <= WRITES; writes++) {
    it(`leaves a job that runs on, and has run no time twice (${writes} writes)`, async () => {
      const bed = cronBed();
      const server = bed.server('b');
      await server.jobs.put(JOB, { schedule: '* * * * *' }, VALID);
      const dead = bed.server('dead', {}, undefined, mortal(bed.store, writes));
      bed.at('10:01');
      await dead.tick();
      for (let minute = 2; minute <= 12; minute++) {
        bed.at(`10:${String(minute).padStart(2, '0')}`);
        await server.tick();
      }
      const times = bed.runs.map((run) => run.replace(/^\w+ /, ''));
      expect(new Set(times).size, bed.runs.join()).to.equal(times.length);
      expect(times).to.include.members(['job 10:04', 'job 10:05', 'job 10:12']);
      // What was claimed came to one result: its own, or that it was interrupted.
      const results = (await server.jobs.history(JOB, HISTORY))?.map(({ scheduled_at }) => scheduled_at) ?? [];
      expect(new Set(results).size).to.equal(results.length);
      for (const time of times) expect(results).to.include(`2026-11-23T${time.slice(-5)}:00.000Z`);
      const { run_count = 0, error_count = 0 } = (await server.jobs.get(JOB)) ?? {};
      expect(run_count + error_count).to.equal(results.length);
    });

    it(`leaves a job that can be put again, and runs (${writes} writes of the first)`, async () => {
      const bed = cronBed();
      const dead = bed.server('dead', {}, undefined, mortal(bed.store, writes));
      const server = bed.server('b');
      await dead.jobs.put(JOB, { schedule: '5 * * * *' }, VALID).catch(() => undefined);
      await server.jobs.put(JOB, { schedule: '5 * * * *' }, VALID);
      bed.at('10:05');
      await server.tick();
      expect(bed.runs).to.deep.equal(['b job 10:05']);
    });
  }
});

describe('a process that is killed between a claim and its result', function () {
  this.timeout(30_000);

  it('leaves a run that the next server records as interrupted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webtask-cron-'));
    const child = spawn(process.execPath, [...FROM_SOURCE, CLAIMER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
    expect(said).to.equal('claimed 2026-11-23T11:00:00.000Z\n');
    child.kill('SIGKILL');
    await once(child, 'close');
    const store = await openStore(folder, {});
    const bed = cronBed(store);
    const server = bed.server('b');
    bed.at('11:01');
    await server.tick();
    const [result] = (await server.jobs.history(JOB, HISTORY)) ?? [];
    expect(result).to.include({ type: 'interrupted', scheduled_at: '2026-11-23T11:00:00.000Z' });
    expect(bed.runs).to.deep.equal([]);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
