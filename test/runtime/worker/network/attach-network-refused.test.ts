import { readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { attachNetwork } from '../../../../runtime/worker/network/attach-network.ts';
import { openFiles, skipUnlessFilesAreCounted } from '../../../support/files-left.ts';
import { refusalOf } from '../../../support/refusal.ts';

const isSocket = (descriptor: string): boolean => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    return false; // the folder that was listed
  }
};

describe('a network that the system has nothing left for', () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
  });

  it('is refused with the reason, and nobody answers for names any more', async function () {
    skipUnlessFilesAreCounted(this);
    const before = openFiles().filter(isSocket);
    process.env.PATH = `${PATH}:/${'x'.repeat(200_000)}`; // longer than the system lets one be @see execve(2)
    const worker = { pid: 0, ended: Promise.resolve(), kill: () => undefined };
    expect(await refusalOf(attachNetwork(worker, { policy: 'public' }))).to.include({
      code: 'NETWORK_UNAVAILABLE',
      message: 'Workers cannot have the network policy public here: spawn E2BIG.',
    });
    expect(openFiles().filter(isSocket)).to.deep.equal(before);
  });
});
