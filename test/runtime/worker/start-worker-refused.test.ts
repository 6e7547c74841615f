import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { startWorker } from '../../../runtime/worker/start-worker.ts';
import { skipUnlessFilesAreCounted, withFilesLeft } from '../../support/files-left.ts';
import { refusalOf } from '../../support/refusal.ts';

/** Longer than the system lets one argument be. @see execve(2): MAX_ARG_STRLEN */
const TOO_LONG = 'x'.repeat(200_000);

describe('a worker that the system has nothing left for', () => {
  beforeEach(function () {
    skipUnlessFilesAreCounted(this);
  });

  const sharedMemory = (): string[] =>
    readdirSync('/proc/self/fd').filter((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('/dev/shm/');
      } catch {
        return false; // the folder that was listed
      }
    });
  const start = (...args: string[]) => startWorker({ command: process.execPath, args, env: {} }, () => undefined);

  it('is refused with the reason where the system refuses at once, and its memory is closed', async () => {
    const before = sharedMemory();
    expect(await refusalOf(start(TOO_LONG))).to.deep.equal({
      code: 'WORKER_NOT_STARTED',
      message: 'No worker could be started: spawn E2BIG.',
      fix: undefined,
    });
    expect(sharedMemory()).to.deep.equal(before);
  });

  for (const left of [0, 1, 4]) {
    it(`is refused where ${left} more files can be opened, and the server goes on`, async () => {
      const before = sharedMemory();
      const refused = withFilesLeft(left, () => refusalOf(start('--version')));
      expect(await refused).to.deep.equal({
        code: 'WORKER_NOT_STARTED',
        message: 'No worker could be started: no more files can be opened.',
        fix: undefined,
      });
      await turn(); // mocha fails the test where an event of that process is an error that nobody listens for
      expect(sharedMemory()).to.deep.equal(before);
    });
  }
});
