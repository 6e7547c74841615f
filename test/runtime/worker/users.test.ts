import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { takeUser, type WorkerUser } from '../../../runtime/worker/users.ts';
import { withFilesLeft } from '../../support/files-left.ts';
import { skipUnlessRoot } from '../../support/isolation.ts';
import { FROM_SOURCE } from '../../support/program.ts';
import { refusalOf } from '../../support/refusal.ts';
import { until } from '../../support/until.ts';

/** Numbers that no other test has, and few enough to run out of. */
const RANGE = { first: 299_001, last: 299_003 };
const SLEEPER = 'console.log("up"); setInterval(() => undefined, 1000)';

describe('the users of workers', () => {
  let taken: WorkerUser[] = [];
  before(function () {
    if (process.platform === 'linux') return;
    console.log('      skipped: workers are users of their own on Linux only');
    this.skip();
  });
  afterEach(async () => {
    await Promise.all(taken.map((it) => it.release()));
    taken = [];
  });
  const take = async (range = RANGE): Promise<number> => {
    const user = await takeUser(range);
    taken.push(user);
    return user.uid;
  };

  it('are of the range, and no two of them are the same', async () => {
    expect((await Promise.all([take(), take(), take()])).sort()).to.deep.equal([299_001, 299_002, 299_003]);
  });

  it('are refused where all are taken', async () => {
    await Promise.all([take(), take(), take()]);
    expect(await refusalOf(take())).to.deep.equal({
      code: 'SANDBOX_UNAVAILABLE',
      message: 'Webtasks cannot be shut in here: the users 299001 to 299003 are taken.',
      fix: 'Name more of them with --worker-users.',
    });
  });

  it('are not those of another server of this machine, and are free as soon as that is killed', async () => {
    const script = `const { takeUser } = await import('./runtime/worker/users.ts');
      for (let i = 0; i < 3; i++) await takeUser(${JSON.stringify(RANGE)});
      ${SLEEPER}`;
    const other = spawn(process.execPath, [...FROM_SOURCE, '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    expect(await refusalOf(take())).to.include({ code: 'SANDBOX_UNAVAILABLE' });
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(await take()).to.be.within(RANGE.first, RANGE.last);
  });

  it('are not given to others while anything runs as one of them', async function () {
    skipUnlessRoot(this);
    const only = { first: 299_004, last: 299_004 };
    const { uid, release } = await takeUser(only);
    const running = spawn('setpriv', [`--reuid=${uid}`, '--clear-groups', process.execPath, '-e', SLEEPER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(running.stdout, 'data');
    let isReleased = false;
    const released = release().then(() => {
      isReleased = true;
    });
    expect(await refusalOf(take(only))).to.include({ code: 'SANDBOX_UNAVAILABLE' });
    expect(isReleased).to.equal(false);
    running.kill('SIGKILL');
    await released;
    expect(await take(only)).to.equal(uid);
  });

  it('are kept while nobody can say what runs: this process has no more files', async () => {
    const only = { first: 299_007, last: 299_007 };
    const { release } = await takeUser(only);
    const released = withFilesLeft(0, release); // it looks at once, and again later
    expect(await refusalOf(take(only))).to.include({ code: 'SANDBOX_UNAVAILABLE' });
    await released;
    expect(await take(only)).to.equal(299_007);
  });

  it('are not those of whatever runs already, such as what another server has left behind', async function () {
    skipUnlessRoot(this);
    const only = { first: 299_006, last: 299_006 };
    const left = spawn('setpriv', [`--reuid=${only.first}`, '--clear-groups', process.execPath, '-e', SLEEPER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(left.stdout, 'data');
    expect(await refusalOf(take(only))).to.include({ code: 'SANDBOX_UNAVAILABLE' });
    left.kill('SIGKILL');
    await once(left, 'exit');
    expect(await take(only)).to.equal(299_006);
  });

  it('are free although a process of theirs that has ended is still listed, since nobody asks how it ended', async function () {
    skipUnlessRoot(this);
    const only = { first: 299_005, last: 299_005 };
    // The shell becomes a program that never asks about the child that the shell has started.
    const parent = spawn('sh', ['-c', `setpriv --reuid=${only.first} --clear-groups true & exec cat`], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const isListed = (): boolean => /^State:\s+Z/m.test(statusOfChild(parent.pid ?? 0));
    await until(isListed);
    expect(await take(only)).to.equal(299_005);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });
});

function statusOfChild(parent: number): string {
  const [child] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'latin1').split(' ');
  return child ? readFileSync(`/proc/${child}/status`, 'latin1') : '';
}
