import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import { expect } from 'chai';
import type { WebtaskError } from '../../../../runtime/errors.ts';
import type { Place } from '../../../../runtime/worker/limits/ask-where.ts';
import { readLimits } from '../../../../runtime/worker/limits/limits.ts';
import { createSupervisor, type Supervised } from '../../../../runtime/worker/limits/supervise.ts';
import { startShell } from '../../../support/cgroups.ts';
import { refusalIn } from '../../../support/refusal.ts';

/** A process that only lives, and says so as long as it is asked to. */
interface Process extends Supervised {
  count: number;
  pings: number;
  answers: boolean;
  place: Promise<Place | undefined>;
  breach(error: WebtaskError, blamed?: string): void;
  broken: [code: string, blamed: string | undefined, stack: unknown][];
}

function startProcess(count = 1): Process {
  return {
    pid: 0, // which nobody has, so that nothing is read of it
    count,
    pings: 0,
    answers: true,
    place: Promise.resolve(undefined),
    broken: [],
    ping(onPong) {
      this.pings += 1;
      if (this.answers) onPong();
    },
    where() {
      return this.place;
    },
    breach(error, blamed) {
      this.broken.push([error.code, blamed, error.fields.stack]);
    },
    ended: new Promise(() => undefined),
  };
}

describe('whoever looks after workers', () => {
  let clock: Clock;
  beforeEach(() => {
    clock = FakeTimers.install({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => clock.uninstall());

  const watch = (worker: Process): void =>
    createSupervisor(readLimits({ WEBTASK_LIMIT_BLOCKED_MS: '5000' }), () => performance.now()).watch('dev', worker);

  it('has what the kernel counted for a worker be its CPU time, to the last of it where it ends by itself', async () => {
    const shell = startShell('exit');
    const ends: ((reason: string) => void)[] = [];
    let used = 70;
    const startCounted = (): Process =>
      Object.assign(startProcess(1), {
        pid: shell.pid, // which does nothing: its own count is of no interest
        cpuMs: () => used,
        ended: new Promise<string>((resolve) => ends.push(resolve)),
      });
    const supervisor = createSupervisor(readLimits({ WEBTASK_LIMIT_CPU_MS: '1000' }), () => performance.now());
    const [first, second] = [startCounted(), startCounted()];
    supervisor.watch('dev', first);
    used += 400;
    clock.tick(1000);
    used += 450; // with 150 for the next worker, all that it may use
    ends[0]?.('by itself');
    await first.ended;
    supervisor.watch('dev', second);
    clock.tick(1000);
    expect([first.broken, second.broken]).to.deep.equal([[], []]);
    used += 1;
    clock.tick(1000);
    await second.place;
    expect(second.broken.map(([code]) => code)).to.deep.equal(['RUN_CPU_EXCEEDED']);
    used += 5000; // until it is ended, of which nothing is taken from its second chance
    ends[1]?.('it was told to');
    await second.ended;
    supervisor.admit('dev');
    shell.go();
    await shell.ended;
  });

  it('asks those that answer something for a sign of life, once a second, and no others', () => {
    const [busy, idle] = [startProcess(1), startProcess(0)];
    watch(busy);
    watch(idle);
    clock.tick(10_000);
    expect([busy.pings, idle.pings]).to.deep.equal([10, 0]);
    expect([busy.broken, idle.broken]).to.deep.equal([[], []]);
  });

  it('ends one that gives none, with where it was and whose request that is', async () => {
    const worker = startProcess();
    worker.answers = false;
    worker.place = Promise.resolve({ run: '1.1', stack: '    at spin (/a.js:1:1)' });
    watch(worker);
    clock.tick(5_000);
    await worker.place;
    expect(worker.broken).to.deep.equal([]);
    clock.tick(1_250);
    await worker.place;
    const stack = 'Error: Blocked event loop.\n    at spin (/a.js:1:1)';
    expect(worker.broken).to.deep.equal([['RUN_BLOCKED', '1.1', stack]]);
  });

  it('ends it also where nobody can say so', async () => {
    for (const place of [Promise.resolve(undefined), Promise.reject(new Error('no'))]) {
      const worker = startProcess();
      worker.answers = false;
      worker.place = place;
      watch(worker);
      clock.tick(6_250);
      await place.catch(() => undefined);
      await Promise.resolve();
      expect(worker.broken).to.deep.equal([['RUN_BLOCKED', undefined, undefined]]);
    }
  });

  it('charges a container for the workers that it has used up: to start others takes CPU time too', async () => {
    const supervisor = createSupervisor(readLimits({ WEBTASK_LIMIT_CPU_MS: '1000' }), () => performance.now());
    let ends = 0;
    const endOne = async (): Promise<void> => {
      supervisor.admit('dev');
      const worker = { ...startProcess(), ended: Promise.resolve('its process ended with exit code 0') };
      supervisor.watch('dev', worker);
      await worker.ended;
      ends += 1;
    };
    // More than the budget once, then more than the second chance.
    while (ends < 100 && (await endOne().catch((error: WebtaskError) => error.code)) === undefined);
    expect(ends).to.equal(14);
    expect(refusalIn(() => supervisor.admit('dev'))).to.include({ code: 'CONTAINER_CPU_SPENT' });
    supervisor.admit('other');
    clock.tick(61_000);
    supervisor.admit('dev');
  });

  it('does not blame a worker for the time in which nobody could look: the machine slept, or is overrun', async () => {
    const worker = startProcess();
    worker.answers = false;
    watch(worker);
    clock.tick(2_000);
    clock.jump(60_000);
    await Promise.resolve();
    expect(worker.broken).to.deep.equal([]);
    clock.tick(4_500);
    await Promise.resolve();
    await Promise.resolve();
    expect(worker.broken).to.deep.equal([['RUN_BLOCKED', undefined, undefined]]);
  });
});
