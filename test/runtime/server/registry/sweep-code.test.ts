import { expect } from 'chai';
import fc from 'fast-check';
import { LOOSE } from '../../../../runtime/server/registry/blobs.ts';
import { createRegistry, type Registry } from '../../../../runtime/server/registry/registry.ts';
import { sweepCode } from '../../../../runtime/server/registry/sweep-code.ts';
import { createMemoryStore, type Store } from '../../../../runtime/store/index.ts';

const HOUR = 60 * 60 * 1000;
/** Of three pieces. */
const CODE = 'a'.repeat(600_000);

describe('code that no webtask names any more', () => {
  let store: Store;
  let now: number;

  beforeEach(() => {
    store = createMemoryStore();
    now = 1_000_000_000_000;
  });

  const registryOver = (it: Store): Registry =>
    createRegistry(
      async () => it,
      { isOwnHost: () => false },
      5 * 1024 * 1024,
      () => now,
    );
  const sweep = (): Promise<number> => sweepCode(store, registryOver(store), now);

  async function create(name: string, code = CODE, over: Store = store): Promise<string> {
    const registry = registryOver(over);
    const sha256 = await registry.putCode(code, { container: 'dev', name });
    await registry.putNamed({ container: 'dev', name, token: '', meta: {}, code: sha256 });
    return sha256;
  }

  const isThere = async (sha256: string): Promise<boolean> => (await registryOver(store).getCode(sha256)) !== undefined;

  /** Everything that is kept because of a text. */
  async function itemsOf(sha256: string): Promise<number> {
    const partitions = [`code/${sha256}`, `code-mark/${sha256}`, `code-owner/${sha256}`];
    const items = await Promise.all(partitions.map((it) => store.list(it, { limit: 100 })));
    return items.flat().length;
  }

  it('is removed an hour after it was replaced, with all that was kept because of it', async () => {
    const first = await create('a');
    now += 2 * HOUR;
    expect(await sweep()).to.equal(0);
    const second = await create('a', 'other');
    now += HOUR - 1;
    expect([await sweep(), await isThere(first)]).to.deep.equal([0, true]);
    now += 1;
    expect([await sweep(), await itemsOf(first)]).to.deep.equal([1, 0]);
    expect([await isThere(second), await sweep()]).to.deep.equal([true, 0]);
    expect(await store.list(LOOSE, { limit: 10 })).to.deep.equal([]);
  });

  it('is removed an hour after its webtask was deleted', async () => {
    const sha256 = await create('a');
    now += HOUR;
    await registryOver(store).removeNamed('dev', 'a');
    now += HOUR;
    expect([await sweep(), await itemsOf(sha256)]).to.deep.equal([1, 0]);
  });

  it('is removed where the webtask that it was meant for never came', async () => {
    const sha256 = await registryOver(store).putCode(CODE, { container: 'dev', name: 'a' });
    now += HOUR;
    expect([await sweep(), await itemsOf(sha256)]).to.deep.equal([1, 0]);
  });

  it('stays while another webtask names it', async () => {
    const sha256 = await create('a');
    await create('b');
    await registryOver(store).removeNamed('dev', 'a');
    now += HOUR;
    expect([await sweep(), await isThere(sha256)]).to.deep.equal([0, true]);
    await registryOver(store).removeNamed('dev', 'b');
    now += HOUR;
    expect([await sweep(), await itemsOf(sha256)]).to.deep.equal([1, 0]);
  });

  it('stays where a token without a name may have it, of which nobody here knows', async () => {
    const sha256 = await create('a');
    await registryOver(store).putCode(CODE);
    await registryOver(store).removeNamed('dev', 'a');
    now += HOUR;
    expect([await sweep(), await isThere(sha256)]).to.deep.equal([0, true]);
  });

  it('stays where it was kept before there were marks, since who names it is not known', async () => {
    const sha256 = await create('old');
    await store.remove({ partition: `code-mark/${sha256}`, sort: 'mark' });
    for (const item of await store.list(`code-owner/${sha256}`, { limit: 10 })) await store.remove(item);
    await create('new');
    await registryOver(store).removeNamed('dev', 'new');
    now += HOUR;
    expect([await sweep(), await isThere(sha256)]).to.deep.equal([0, true]);
  });

  it('is written whole again by whoever finds a part of it missing', async () => {
    const sha256 = await create('a');
    await store.remove({ partition: `code/${sha256}`, sort: '0001' });
    now += HOUR;
    await create('b');
    expect(await isThere(sha256)).to.equal(true);
  });

  it('is a hundred texts at most in one go', async () => {
    for (let n = 0; n < 103; n++) await create('a', `// ${n}`);
    now += HOUR;
    expect([await sweep(), await sweep()]).to.deep.equal([99, 3]); // the note of the one in use is among them
  }).timeout(20_000);

  it('is there for whoever keeps it again while it is removed, in whatever order their requests come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        store = createMemoryStore();
        now = 1_000_000_000_000;
        const sha256 = await create('gone');
        await registryOver(store).removeNamed('dev', 'gone');
        now += 2 * HOUR;
        const slowly: Store = {
          ...store,
          get: scheduler.scheduleFunction(store.get),
          put: scheduler.scheduleFunction(store.put),
          remove: scheduler.scheduleFunction(store.remove),
          list: scheduler.scheduleFunction(store.list),
        };
        const racing = [
          sweepCode(slowly, registryOver(slowly), now),
          create('b', CODE, slowly),
          sweepCode(slowly, registryOver(slowly), now),
          create('c', CODE, slowly),
        ];
        await scheduler.waitFor(Promise.all(racing));
        expect(await isThere(sha256)).to.equal(true);
        now += 2 * HOUR;
        await sweep();
        expect(await isThere(sha256)).to.equal(true);
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);
});
