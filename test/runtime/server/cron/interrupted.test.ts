import { expect } from 'chai';
import { CLAIM_MS, cronBed, success, VALID } from '../../../support/cron.ts';

const JOB = { container: 'dev', name: 'job' };
const HISTORY = { offset: 0, limit: 100 };

/** A run that never comes to a result, as on a server that was killed. */
const hang = () => new Promise<never>(() => undefined);

describe('a cron run whose server ended before it had a result', () => {
  it('is recorded as interrupted, once its time has run out, and is not run again', async () => {
    const bed = cronBed();
    const dead = bed.server('dead', {}, hang);
    const server = bed.server('b');
    await server.jobs.put(JOB, { schedule: '0 11 * * *' }, VALID);
    bed.at('11:00');
    await dead.scheduler.tick();
    await server.tick();
    expect(await server.jobs.history(JOB, HISTORY)).to.deep.equal([]);
    bed.at('11:01');
    await server.tick();
    expect(await server.jobs.history(JOB, HISTORY)).to.deep.equal([
      {
        scheduled_at: '2026-11-23T11:00:00.000Z',
        started_at: '2026-11-23T11:00:00.000Z',
        completed_at: '2026-11-23T11:01:00.000Z',
        type: 'interrupted',
        headers: {},
        body: 'The server that ran the job never said how it ended.',
      },
    ]);
    expect(await server.jobs.get(JOB)).to.include({ run_count: 0, error_count: 1 });
    bed.at('11:02');
    await server.tick();
    expect(bed.runs).to.deep.equal(['dead job 11:00']);
  });

  it('is recorded by one of all servers', async () => {
    const bed = cronBed();
    const dead = bed.server('dead', {}, hang);
    const servers = ['b', 'c', 'd'].map((name) => bed.server(name));
    await dead.jobs.put(JOB, { schedule: '0 11 * * *' }, VALID);
    bed.at('11:00');
    await dead.scheduler.tick();
    bed.at('11:01');
    await Promise.all(servers.map((server) => server.tick()));
    expect(await dead.jobs.history(JOB, HISTORY)).to.have.lengthOf(1);
    expect(await dead.jobs.get(JOB)).to.include({ error_count: 1 });
  });

  it('is recorded after any time at which no server ran', async () => {
    const bed = cronBed();
    const dead = bed.server('dead', {}, hang);
    const server = bed.server('b');
    await server.jobs.put(JOB, { schedule: '0 11 * * *' }, VALID);
    bed.at('11:00');
    await dead.scheduler.tick();
    bed.time += 3 * 24 * 60 * 60 * 1000;
    await server.tick();
    const [result] = (await server.jobs.history(JOB, HISTORY)) ?? [];
    expect(result).to.include({ type: 'interrupted', scheduled_at: '2026-11-23T11:00:00.000Z' });
  });

  it('is run again where the job says so, for the time that it was for', async () => {
    const bed = cronBed();
    const dead = bed.server('dead', {}, hang);
    const server = bed.server('b');
    await server.jobs.put(JOB, { schedule: '0 11 * * *', repeat_interrupted: true }, VALID);
    bed.at('11:00');
    await dead.scheduler.tick();
    bed.at('11:01');
    await server.tick();
    expect(bed.runs).to.deep.equal(['dead job 11:00', 'b job 11:00']);
    const types = (await server.jobs.history(JOB, HISTORY))?.map(({ type }) => type);
    expect(types).to.deep.equal(['success', 'interrupted']);
    expect(await server.jobs.get(JOB)).to.include({ next_available_at: '2026-11-24T11:00:00.000Z' });
  });

  it('is run three times in all, where it ends its server each time', async () => {
    const bed = cronBed();
    const dead = bed.server('dead', {}, hang);
    await dead.jobs.put(JOB, { schedule: '0 11 * * *', repeat_interrupted: true }, VALID);
    for (let minute = 0; minute < 20; minute++) {
      bed.at(`11:${String(minute).padStart(2, '0')}`);
      await dead.scheduler.tick();
    }
    expect(bed.runs).to.deep.equal(['dead job 11:00', 'dead job 11:00', 'dead job 11:00']);
    expect(await dead.jobs.history(JOB, HISTORY)).to.have.lengthOf(3);
  });

  it('gives way to the next time of its job', async () => {
    const bed = cronBed();
    const dead = bed.server('dead', {}, hang);
    const server = bed.server('b');
    await server.jobs.put(JOB, { schedule: '* * * * *', repeat_interrupted: true }, VALID);
    bed.at('10:01');
    await dead.scheduler.tick();
    bed.at('10:02');
    await server.tick();
    expect(bed.runs).to.deep.equal(['dead job 10:01', 'b job 10:02']);
  });

  it('stays interrupted where its result comes after all', async () => {
    const bed = cronBed();
    let answer: () => void = () => undefined;
    const slow = bed.server('slow', {}, async (run) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return success(run);
    });
    const server = bed.server('b');
    await server.jobs.put(JOB, { schedule: '0 11 * * *' }, VALID);
    bed.at('11:00');
    await slow.scheduler.tick();
    bed.at('11:01');
    await server.tick();
    answer();
    await slow.scheduler.idle();
    const types = (await server.jobs.history(JOB, HISTORY))?.map(({ type }) => type);
    expect(types).to.deep.equal(['interrupted']);
    expect(await server.jobs.get(JOB)).to.include({ run_count: 0, error_count: 1 });
  });
});

describe('a cron run that takes its time', () => {
  it('is not run beside itself: a time that comes meanwhile is skipped', async () => {
    const bed = cronBed();
    let answer: () => void = () => undefined;
    const server = bed.server('a', { claimMs: 10 * CLAIM_MS }, async (run) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return success(run);
    });
    await server.jobs.put(JOB, { schedule: '* * * * *' }, VALID);
    for (const clock of ['10:01', '10:02', '10:03']) {
      bed.at(clock);
      await server.scheduler.tick();
    }
    expect(bed.runs).to.deep.equal(['a job 10:01']);
    answer();
    await server.scheduler.idle();
    bed.at('10:04');
    await server.scheduler.tick();
    expect(bed.runs).to.deep.equal(['a job 10:01', 'a job 10:04']);
    answer();
    await server.scheduler.idle();
    expect(await server.jobs.get(JOB)).to.include({ run_count: 2, error_count: 0 });
  });

  it('keeps what was changed of its job meanwhile', async () => {
    const bed = cronBed();
    const server = bed.server('a', {}, async (run) => {
      await server.jobs.put(JOB, { schedule: '30 * * * *', meta: { k: 'v' } }, VALID);
      return success(run);
    });
    await server.jobs.put(JOB, { schedule: '* * * * *' }, VALID);
    bed.at('10:01');
    await server.tick();
    expect(await server.jobs.get(JOB)).to.deep.include({
      schedule: '30 * * * *',
      meta: { k: 'v' },
      run_count: 1,
      next_available_at: '2026-11-23T10:30:00.000Z',
    });
  });
});
