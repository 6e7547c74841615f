import { expect } from 'chai';
import { createInstallQueue, type InstallQueue } from '../../../runtime/modules/install-queue.ts';
import { refusalIn } from '../../support/refusal.ts';

/** Work that is done when it is told to be, and what has begun of it. */
function createWork() {
  const begun: string[] = [];
  const endings = new Map<string, (error?: Error) => void>();
  return {
    begun,
    named: (name: string) => () =>
      new Promise<void>((resolve, reject) => {
        begun.push(name);
        endings.set(name, (error) => (error ? reject(error) : resolve()));
      }),
    async end(name: string, error?: Error): Promise<void> {
      endings.get(name)?.(error);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const TOO_MANY = {
  code: 'MODULES_WAITING',
  message: 'The container shop would have more than 50 modules fetched at once.',
  fix: 'Try again after 10 s: some of them are there by then.',
};
const BUSY = {
  code: 'MODULES_BUSY',
  message: 'This server already has 200 modules to fetch.',
  fix: 'Try again after 10 s.',
};

describe('the queue of installations', () => {
  let queue: InstallQueue;
  let work: ReturnType<typeof createWork>;
  beforeEach(() => {
    queue = createInstallQueue();
    work = createWork();
  });
  const fill = (container: string | undefined, count: number): void => {
    for (let i = 0; i < count; i += 1) void queue.add(container, work.named(`${container} ${i}`));
  };

  it('has two at a time, in their order', async () => {
    fill('shop', 4);
    expect(work.begun).to.deep.equal(['shop 0', 'shop 1']);
    await work.end('shop 1');
    expect(work.begun).to.deep.equal(['shop 0', 'shop 1', 'shop 2']);
  });

  it('says of each how it ended, and goes on after a failure', async () => {
    const first = queue.add('shop', work.named('first'));
    const second = queue.add('shop', work.named('second'));
    fill('shop', 1);
    const failed = first.catch((error: Error) => error.message);
    await work.end('first', new Error('no network'));
    await work.end('second');
    expect([await failed, await second]).to.deep.equal(['no network', undefined]);
    expect(work.begun).to.deep.equal(['first', 'second', 'shop 0']);
  });

  it('lets a container that has none under way go before the many of another', async () => {
    fill('shop', 10);
    fill('blog', 1);
    await work.end('shop 0');
    expect(work.begun).to.deep.equal(['shop 0', 'shop 1', 'blog 0']);
  });

  it('refuses a container the 51st, and no other container', async () => {
    fill('shop', 50);
    expect(refusalIn(() => queue.add('shop', work.named('more')))).to.deep.equal(TOO_MANY);
    fill('blog', 1);
    await work.end('shop 0');
    fill('shop', 1);
    expect(refusalIn(() => queue.add('shop', work.named('more')))).to.deep.equal(TOO_MANY);
  });

  it('refuses the 201st of all, also the cluster’s own', async () => {
    for (const container of ['a', 'b', 'c']) fill(container, 50);
    fill(undefined, 50);
    expect(refusalIn(() => queue.add('shop', work.named('more')))).to.deep.equal(BUSY);
    expect(refusalIn(() => queue.add(undefined, work.named('more')))).to.deep.equal(BUSY);
    await work.end('a 0');
    fill('shop', 1);
  });

  it('says beforehand whether there is room for several', () => {
    fill('shop', 1);
    queue.admit('shop', 49);
    expect(refusalIn(() => queue.admit('shop', 50))).to.deep.equal(TOO_MANY);
    fill(undefined, 150);
    expect(refusalIn(() => queue.admit('blog', 50))).to.deep.equal(BUSY);
  });
});
