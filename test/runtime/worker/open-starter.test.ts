import { expect } from 'chai';
import { openStarter, readLimits } from '../../../runtime/worker/index.ts';
import { skipUnlessShutIn } from '../../support/isolation.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('a worker that is shut in and ends while it gets ready', () => {
  it('says how it ended, and not that it has no network', async function () {
    skipUnlessShutIn(this);
    const start = openStarter({
      mode: 'sandbox',
      readable: ['/no/such/folder'],
      users: { first: 200_000, last: 265_535 },
      limits: readLimits({}),
      network: 'public',
      onOutput: () => undefined,
    });
    const { code, message } = await refusalOf(start(() => undefined));
    expect({ code, message }).to.deep.equal({
      code: 'WORKER_NOT_STARTED',
      message: 'No worker could be started: its process ended with exit code 1.',
    });
  });
});
