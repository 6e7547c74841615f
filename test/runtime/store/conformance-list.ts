import { expect } from 'chai';
import type { Item } from '../../../runtime/store/index.ts';
import { type Bench, KEY, NOW, textOf } from './conformance.ts';

/** What every store keeps to when it lists, and when time passes. */
export function specifyListAndExpiry({ store, write, moveTo }: Bench): void {
  const sorts = (items: readonly Item[]): string[] => items.map(({ sort }) => sort);

  describe('list', () => {
    it('gives the items of one partition in the order of their sort keys', async () => {
      for (const sort of ['b', 'a', 'c']) await write({ partition: 'p', sort }, sort.toUpperCase());
      await write({ partition: 'q', sort: 'x' }, 'X');
      const items = await store().list('p', { limit: 10 });
      expect(items.map(({ partition, sort, value }) => [partition, sort, value])).to.deep.equal([
        ['p', 'a', 'A'],
        ['p', 'b', 'B'],
        ['p', 'c', 'C'],
      ]);
      expect(items[0]).to.deep.equal(await store().get({ partition: 'p', sort: 'a' }));
    });

    it('gives nothing of a partition that has nothing', async () => {
      expect(await store().list('p', { limit: 10 })).to.deep.equal([]);
    });

    it('gives at most as many as its limit, and goes on after a sort key', async () => {
      const all = Array.from({ length: 25 }, (_, n) => `k${String(n).padStart(2, '0')}`);
      await Promise.all(all.map((sort) => write({ partition: 'p', sort }, sort)));
      const pages: string[][] = [];
      let after: string | undefined;
      do {
        const page = sorts(await store().list('p', { after, limit: 10 }));
        pages.push(page);
        after = page.at(-1);
      } while (after !== undefined);
      expect(pages).to.deep.equal([all.slice(0, 10), all.slice(10, 20), all.slice(20), []]);
    });

    it('goes on after a sort key that is not, or no longer, there', async () => {
      for (const sort of ['a', 'b', 'd']) await write({ partition: 'p', sort }, 0);
      expect(sorts(await store().list('p', { after: 'c', limit: 10 }))).to.deep.equal(['d']);
      expect(sorts(await store().list('p', { after: '', limit: 10 }))).to.deep.equal(['a', 'b', 'd']);
      expect(sorts(await store().list('p', { after: 'z', limit: 10 }))).to.deep.equal([]);
    });

    it('fills its page past expired items', async () => {
      for (let n = 0; n < 12; n++) await write({ partition: 'p', sort: `a${n}` }, 0, NOW + 1);
      for (const sort of ['b', 'c', 'd']) await write({ partition: 'p', sort }, 0);
      moveTo(NOW + 2);
      expect(sorts(await store().list('p', { limit: 2 }))).to.deep.equal(['b', 'c']);
    });

    it('gives more than the megabyte that DynamoDB answers at once', async () => {
      const value = textOf(300 * 1024);
      for (const sort of ['a', 'b', 'c', 'd', 'e']) await write({ partition: 'p', sort }, value);
      expect(sorts(await store().list('p', { limit: 10 }))).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    });

    it('orders by UTF-8 bytes, as DynamoDB does', async () => {
      const ordered = ['Z', 'a', 'é', 'ー', '～', '😀'];
      for (const sort of ordered.toReversed()) await write({ partition: 'p', sort }, 0);
      expect(sorts(await store().list('p', { limit: 10 }))).to.deep.equal(ordered);
      expect(sorts(await store().list('p', { after: '～', limit: 10 }))).to.deep.equal(['😀']);
    });
  });

  describe('an item with an expiry', () => {
    it('is there before, and gone from that second on', async () => {
      const version = await write(KEY, 1, NOW + 10);
      const item = { ...KEY, version, value: 1, expires: NOW + 10 };
      moveTo(NOW + 9.999);
      expect(await store().get(KEY)).to.deep.equal(item);
      expect(await store().list(KEY.partition, { limit: 10 })).to.deep.equal([item]);
      moveTo(NOW + 10);
      expect(await store().get(KEY)).to.equal(undefined);
      expect(await store().list(KEY.partition, { limit: 10 })).to.deep.equal([]);
    });

    it('counts as absent for a write, whether or not it was swept', async () => {
      const version = await write(KEY, 1, NOW + 10);
      moveTo(NOW + 11);
      expect(await store().put(KEY, 2, { expected: version })).to.deep.equal({ ok: false, current: undefined });
      expect(await store().remove(KEY, version)).to.deep.equal({ ok: false, current: undefined });
      expect((await store().put(KEY, 2, { expected: null })).ok).to.equal(true);
      expect((await store().get(KEY))?.value).to.equal(2);
    });

    it('is a version like any other until then', async () => {
      const version = await write(KEY, 1, NOW + 10);
      expect((await store().put(KEY, 2, { expected: null })).ok).to.equal(false);
      expect((await store().put(KEY, 2, { expected: version, expires: NOW + 20 })).ok).to.equal(true);
      moveTo(NOW + 11);
      expect(await store().get(KEY)).to.include({ value: 2, expires: NOW + 20 });
    });
  });
}
