import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkFormat, FORMAT_VERSION, readFormat, writeFormat } from '../../../runtime/store/format.ts';
import { createMemoryStore, openStore, type Store } from '../../../runtime/store/index.ts';
import { openUnchecked } from '../../../runtime/store/open.ts';
import { refusalOf } from '../../support/refusal.ts';

const KEY = { partition: 'p', sort: 'a' };

describe('the format of a store', () => {
  let store: Store;

  beforeEach(() => {
    store = createMemoryStore();
  });

  it('is written when the store is first opened', async () => {
    await checkFormat(store);
    expect(await readFormat(store)).to.deep.equal({ version: FORMAT_VERSION });
  });

  it('is left alone where it is the one that is known', async () => {
    await checkFormat(store);
    await checkFormat({ ...store, put: () => Promise.reject(new Error('nothing is to be written')) });
  });

  it('is refused where it is newer, because it may mean something else by the same items', async () => {
    await writeFormat(store, { version: FORMAT_VERSION + 1 });
    expect(await refusalOf(checkFormat(store))).to.deep.equal({
      code: 'STORE_FORMAT_NEWER',
      message: 'The store has format 2, and this program knows those up to 1.',
      fix: 'Use the version of webtask-kit that wrote it, or a later one.',
    });
    expect(await readFormat(store)).to.deep.equal({ version: FORMAT_VERSION + 1 });
  });

  it('is refused where a restore was cut short, because a part of what was backed up is missing', async () => {
    await writeFormat(store, { version: 1, restoring: '2026-01-02T03:04:05.000Z' });
    expect(await refusalOf(checkFormat(store))).to.deep.equal({
      code: 'STORE_RESTORE_UNFINISHED',
      message: 'The store is not whole: a restore that began at 2026-01-02T03:04:05.000Z did not come to its end.',
      fix: 'Run webtask restore with the same file again: it starts over.',
    });
  });

  it('is brought up step by step, each from the version before', async () => {
    const order: number[] = [];
    const steps = [0, 1, 2].map((n) => async (it: Store) => {
      order.push(n);
      expect((await readFormat(it))?.version ?? 0).to.equal(n);
    });
    await checkFormat(store, steps);
    expect(order).to.deep.equal([0, 1, 2]);
    expect(await readFormat(store)).to.deep.equal({ version: 3 });
  });

  it('goes on at the step that was cut short, and runs none of those before it again', async () => {
    const order: string[] = [];
    let isFirst = true;
    const steps = [
      async () => void order.push('first'),
      async (it: Store) => {
        order.push('second');
        await it.put(KEY, 'moved');
        if (isFirst) throw new Error('killed');
        isFirst = false;
      },
    ];
    const failed = await checkFormat(store, steps).catch((error: Error) => error.message);
    expect([failed, await readFormat(store)]).to.deep.equal(['killed', { version: 1 }]);
    isFirst = false;
    await checkFormat(store, steps);
    expect([order, await readFormat(store)]).to.deep.equal([['first', 'second', 'second'], { version: 2 }]);
  });

  it('is brought up once where several open the store at a time', async () => {
    await Promise.all(Array.from({ length: 5 }, () => checkFormat(store)));
    expect(await readFormat(store)).to.deep.equal({ version: FORMAT_VERSION });
  });

  describe('of a data folder', () => {
    let folder: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'wt-'));
    });

    afterEach(() => rm(folder, { recursive: true }));

    it('is adopted where it was written before there were versions', async () => {
      const before = await openUnchecked(folder, {});
      await before.put(KEY, 'kept');
      await before.close();
      const after = await openStore(folder, {});
      expect([(await after.get(KEY))?.value, await readFormat(after)]).to.deep.equal(['kept', { version: 1 }]);
      await after.close();
    });

    it('lets go of the folder where it is refused, so that another version can open it', async () => {
      const newer = await openUnchecked(folder, {});
      await writeFormat(newer, { version: 99 });
      await newer.close();
      expect((await refusalOf(openStore(folder, {}))).code).to.equal('STORE_FORMAT_NEWER');
      const again = await openUnchecked(folder, {});
      expect(await readFormat(again)).to.deep.equal({ version: 99 });
      await again.close();
    });
  });
});
