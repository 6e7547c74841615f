import { expect } from 'chai';
import type { JobRun } from '../../../../runtime/server/cron/jobs.ts';
import { createScheduler } from '../../../../runtime/server/cron/scheduler.ts';
import { createMemoryStore } from '../../../../runtime/store/memory.ts';
import { cronBed, shuffled, success, VALID } from '../../../support/cron.ts';

const JOB = { container: 'dev', name: 'job' };
const HISTORY = { offset: 0, limit: 100 };

describe('a cron job', () => {
  it('runs at its time, and not before', async () => {
    const bed = cronBed();
    const server = bed.server('a');
    await server.jobs.put(JOB, { schedule: '5 * * * *' }, VALID);
    await server.tick();
    bed.at('10:04:59.999');
    await server.tick();
    expect(bed.runs).to.deep.equal([]);
    bed.at('10:05');
    await server.tick();
    await server.tick();
    expect(bed.runs).to.deep.equal(['a job 10:05']);
    expect(await server.jobs.get(JOB)).to.deep.include({
      run_count: 1,
      error_count: 0,
      last_scheduled_at: '2026-11-23T10:05:00.000Z',
      next_available_at: '2026-11-23T11:05:00.000Z',
    });
    expect(bed.errors).to.deep.equal([]);
  });

  it('runs every time of a day, once each', async () => {
    const bed = cronBed();
    const server = bed.server('a');
    await server.jobs.put(JOB, { schedule: '*/7 * * * *' }, VALID);
    for (let minute = 0; minute < 60; minute++) {
      bed.at(`10:${String(minute).padStart(2, '0')}`);
      await server.tick();
    }
    const minutes = [7, 14, 21, 28, 35, 42, 49, 56].map((minute) => `a job 10:${String(minute).padStart(2, '0')}`);
    expect(bed.runs).to.deep.equal(minutes);
    expect(await server.jobs.history(JOB, HISTORY)).to.have.lengthOf(8);
  });

  it('runs where it is a little late, as a server that starts again finds it', async () => {
    const bed = cronBed();
    await bed.server('a').jobs.put(JOB, { schedule: '0 11 * * *' }, VALID);
    bed.at('11:04');
    await bed.server('b').tick();
    expect(bed.runs).to.deep.equal(['b job 11:00']);
  });

  it('skips the times at which no server ran, and goes on with the next', async () => {
    const bed = cronBed();
    await bed.server('a').jobs.put(JOB, { schedule: '*/10 * * * *' }, VALID);
    bed.at('13:07');
    const server = bed.server('b');
    await server.tick();
    expect(bed.runs).to.deep.equal([]);
    expect(await server.jobs.get(JOB)).to.include({ next_available_at: '2026-11-23T13:10:00.000Z', run_count: 0 });
    bed.at('13:10');
    await server.tick();
    expect(bed.runs).to.deep.equal(['b job 13:10']);
  });

  it('runs once for all times at which no server ran, where the setting says so', async () => {
    const bed = cronBed();
    await bed.server('a').jobs.put(JOB, { schedule: '*/10 * * * *' }, VALID);
    bed.time += 40 * 24 * 60 * 60 * 1000;
    const server = bed.server('b', { missed: 'once' });
    await server.tick();
    await server.tick();
    expect(bed.runs).to.deep.equal(['b job 10:10']);
    bed.time += 10 * 60 * 1000;
    await server.tick();
    expect(bed.runs).to.deep.equal(['b job 10:10', 'b job 10:10']); // of another day
  });

  it('rests while it is inactive, and does not run for the times that came meanwhile', async () => {
    const bed = cronBed();
    const server = bed.server('a', { missed: 'once' });
    await server.jobs.put(JOB, { schedule: '*/10 * * * *' }, VALID);
    await server.jobs.setState(JOB, 'inactive', {});
    for (const clock of ['10:10', '10:20', '10:30']) {
      bed.at(clock);
      await server.tick();
    }
    bed.at('10:31');
    await server.jobs.setState(JOB, 'active', {});
    await server.tick();
    expect(bed.runs).to.deep.equal([]);
    bed.at('10:40');
    await server.tick();
    expect(bed.runs).to.deep.equal(['a job 10:40']);
  });

  it('leaves no ghost of the schedule that it had', async () => {
    const bed = cronBed();
    const server = bed.server('a');
    await server.jobs.put(JOB, { schedule: '5 * * * *' }, VALID);
    await server.jobs.put(JOB, { schedule: '7 * * * *' }, VALID);
    for (const clock of ['10:05', '10:06', '10:07', '10:08']) {
      bed.at(clock);
      await server.tick();
    }
    expect(bed.runs).to.deep.equal(['a job 10:07']);
  });

  it('keeps its next time where a change does not touch its schedule', async () => {
    const bed = cronBed();
    const server = bed.server('a');
    await server.jobs.put(JOB, { schedule: '5 * * * *', meta: { k: 'v' } }, VALID);
    bed.at('10:05');
    const changed = await server.jobs.put(JOB, { schedule: '5 * * * *', meta: {} }, VALID);
    expect(changed).to.deep.include({ next_available_at: '2026-11-23T10:05:00.000Z', meta: {} });
    await server.tick();
    expect(bed.runs).to.deep.equal(['a job 10:05']);
  });

  it('does not run once it is removed, and one of the same name has none of its history', async () => {
    const bed = cronBed();
    const server = bed.server('a');
    await server.jobs.put(JOB, { schedule: '5 * * * *' }, VALID);
    bed.at('10:05');
    await server.tick();
    expect(await server.jobs.remove(JOB)).to.equal(true);
    expect(await server.jobs.remove(JOB)).to.equal(false);
    bed.at('11:05');
    await server.tick();
    expect(bed.runs).to.deep.equal(['a job 10:05']);
    await server.jobs.put(JOB, { schedule: '5 * * * *' }, VALID);
    expect(await server.jobs.history(JOB, HISTORY)).to.deep.equal([]);
  });

  it('that is removed while it runs comes to no history', async () => {
    const bed = cronBed();
    const server = bed.server('a', {}, async (run) => {
      await server.jobs.remove(JOB);
      return success(run);
    });
    await server.jobs.put(JOB, { schedule: '5 * * * *' }, VALID);
    bed.at('10:05');
    await server.tick();
    expect(bed.errors).to.deep.equal([]);
    expect(await server.jobs.history(JOB, HISTORY)).to.equal(undefined);
  });

  it('keeps the last hundred results, newest first', async () => {
    const bed = cronBed();
    const server = bed.server('a');
    await server.jobs.put(JOB, { schedule: '* * * * *' }, VALID);
    for (let i = 0; i < 105; i++) {
      bed.time += 60_000;
      await server.tick();
    }
    const history = (await server.jobs.history(JOB, { offset: 0, limit: 1000 })) ?? [];
    expect(history).to.have.lengthOf(100);
    expect([history[0]?.scheduled_at, history[99]?.scheduled_at]).to.deep.equal([
      '2026-11-23T11:45:00.000Z',
      '2026-11-23T10:06:00.000Z',
    ]);
    expect(await server.jobs.get(JOB)).to.include({ run_count: 105 });
  });

  it('that cannot be looked at stands in the way of no other', async () => {
    const bed = cronBed();
    const server = bed.server('a');
    for (const name of ['a', 'b', 'c']) await server.jobs.put({ ...JOB, name }, { schedule: '5 * * * *' }, VALID);
    const item = await bed.store.get({ partition: 'cron/dev', sort: 'b' });
    await bed.store.put({ partition: 'cron/dev', sort: 'b' }, { ...(item?.value as object), schedule: 'damaged' });
    bed.at('10:05');
    await server.tick();
    expect([...bed.runs].sort()).to.deep.equal(['a a 10:05', 'a c 10:05']);
    expect(bed.errors).to.have.lengthOf(1);
  });
});

describe('several servers over one store', () => {
  it('do not put more jobs into a container than it may have, whenever they do', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const bed = cronBed(shuffled(createMemoryStore(), seed));
      const servers = ['a', 'b', 'c'].map((name) => bed.server(name, { maxPerContainer: 3 }));
      const puts = Array.from({ length: 9 }, (_, i) =>
        servers[i % 3]?.jobs.put({ ...JOB, name: `job-${i}` }, { schedule: '5 * * * *' }, VALID),
      );
      const ends = await Promise.allSettled(puts);
      const there = (await servers[0]?.jobs.list('dev', { ...HISTORY, meta: [] })) ?? [];
      expect(there.length).to.be.at.most(3);
      expect(ends.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(there.length);
      for (const end of ends) {
        if (end.status === 'fulfilled') continue;
        expect(end.reason).to.include({
          code: 'CRON_TOO_MANY',
          message: 'the container `dev` has 3 cron jobs, and cannot have more',
        });
      }
    }
  });

  for (let seed = 1; seed <= 20; seed++) {
    it(`run each time of each job once, in whatever order the store answers (${seed})`, async () => {
      const bed = cronBed(shuffled(createMemoryStore(), seed));
      const servers = ['a', 'b', 'c'].map((name) => bed.server(name));
      const [first] = servers;
      const names = ['one', 'two', 'three'];
      for (const name of names) await first?.jobs.put({ ...JOB, name }, { schedule: '* * * * *' }, VALID);
      for (const clock of ['10:01', '10:02', '10:03']) {
        bed.at(clock);
        await Promise.all(servers.map((server) => server.tick()));
      }
      const wanted = ['10:01', '10:02', '10:03'].flatMap((clock) => names.map((name) => `${name} ${clock}`));
      expect(bed.runs.map((run) => run.slice(2)).sort()).to.deep.equal(wanted.sort());
      for (const name of names) {
        expect(await first?.jobs.get({ ...JOB, name })).to.include({ run_count: 3, error_count: 0 });
        expect(await first?.jobs.history({ ...JOB, name }, HISTORY)).to.have.lengthOf(3);
      }
      expect(bed.errors).to.deep.equal([]);
    });
  }
});

describe('the scheduler', () => {
  it('looks when it starts, and after that at the beginning of every minute', async () => {
    let time = Date.parse('2026-11-23T10:00:20Z');
    const asked: number[] = [];
    const timers: [call: () => void, ms: number][] = [];
    const scheduler = createScheduler({
      jobs: {
        async *takeDue() {
          asked.push(time);
          yield* [];
        },
      },
      now: () => time,
      setTimer(call, ms) {
        timers.push([call, ms]);
        return () => undefined;
      },
      fire: async (run) => success(run),
      onError: () => undefined,
    });
    scheduler.start();
    scheduler.start();
    await scheduler.tick();
    expect(timers.map(([, ms]) => ms)).to.deep.equal([40_025]);
    time += 40_025;
    timers[0]?.[0]();
    await scheduler.tick();
    expect(timers.map(([, ms]) => ms)).to.deep.equal([40_025, 60_000]);
    expect(asked).to.have.lengthOf(2);
  });

  it('is stopped when the results of what runs are kept, and begins nothing more', async () => {
    const kept: string[] = [];
    const gate: (() => void)[] = [];
    const due = ['one', 'two'].map(
      (name): JobRun => ({
        job: { name } as JobRun['job'], // the scheduler does not look at it
        scheduledAt: '',
        finish: async () => void kept.push(name),
      }),
    );
    const scheduler = createScheduler({
      jobs: {
        async *takeDue() {
          yield* due;
        },
      },
      now: () => 0,
      setTimer: () => () => undefined,
      async fire(run) {
        await new Promise<void>((resolve) => gate.push(resolve));
        return success(run);
      },
      onError: () => undefined,
    });
    await scheduler.tick();
    let isStopped = false;
    const stopping = scheduler.stop().then(() => {
      isStopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([isStopped, kept]).to.deep.equal([false, []]);
    for (const open of gate) open();
    await stopping;
    expect(kept).to.deep.equal(['one', 'two']);
    await scheduler.tick();
    expect(gate).to.have.lengthOf(2);
  });
});
