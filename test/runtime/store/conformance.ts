import { expect } from 'chai';
import type { Item, Store } from '../../../runtime/store/index.ts';

/** What the specification needs of the store that it is run over. */
export interface Subject {
  /** Opens the store, empty; it reads the time from `now`. */
  open(now: () => number): Promise<Store>;
  /** The largest value it takes, in bytes of JSON. */
  readonly maxBytes: number;
}

/** 2025-01-01, in seconds. */
const NOW = 1_735_689_600;

const KEY = { partition: 'storage/acme', sort: 'counter' };

/** A JSON text of exactly so many bytes. */
const textOf = (bytes: number): string => 'x'.repeat(bytes - 2);

/** What every store keeps to, whatever is behind it. */
export function conformsToStore(subject: Subject): void {
  let store: Store;
  let now: number;

  before(async () => {
    store = await subject.open(() => now);
  });

  beforeEach(async () => {
    now = NOW;
    for (const partition of [KEY.partition, 'p', 'q', 'ä/b']) {
      for (const item of await store.list(partition, { limit: 1000 })) await store.remove(item);
    }
  });

  after(async () => {
    await store.close();
  });

  /** Writes what must be written. */
  async function write(key: { partition: string; sort: string }, value: unknown, expires?: number): Promise<string> {
    const written = await store.put(key, value, { expires });
    if (!written.ok) throw new Error('an unconditional write was refused');
    return written.version;
  }

  const sorts = (items: readonly Item[]): string[] => items.map(({ sort }) => sort);

  describe('get', () => {
    it('gives nothing where nothing is', async () => {
      expect(await store.get(KEY)).to.equal(undefined);
    });

    it('gives what was just written, with its version', async () => {
      const version = await write(KEY, { n: 1 });
      expect(await store.get(KEY)).to.deep.equal({ ...KEY, version, value: { n: 1 } });
    });

    it('sees each write at once, because reads are consistent', async () => {
      for (let n = 0; n < 20; n++) {
        await write(KEY, n);
        expect((await store.get(KEY))?.value).to.equal(n);
      }
    });

    it('gives a copy: what its caller does with it changes nothing', async () => {
      const given = { list: [1] };
      await write(KEY, given);
      given.list.push(2);
      const read = (await store.get(KEY))?.value as typeof given;
      read.list.push(3);
      expect((await store.get(KEY))?.value).to.deep.equal({ list: [1] });
    });

    for (const value of [
      null,
      false,
      0,
      '',
      'text',
      [],
      {},
      [1, 'two', { three: [null] }],
      { 'ключ "\\': '\u0000\n😀\ud800' },
    ]) {
      it(`gives ${JSON.stringify(value)} back as it was`, async () => {
        await write(KEY, value);
        expect((await store.get(KEY))?.value).to.deep.equal(value);
      });
    }

    it('gives JSON: what a value becomes in JSON is what is kept', async () => {
      await write(KEY, { at: new Date(0), gone: undefined, nan: Number.NaN });
      expect((await store.get(KEY))?.value).to.deep.equal({ at: '1970-01-01T00:00:00.000Z', nan: null });
    });
  });

  describe('put', () => {
    it('replaces whatever is there when it expects nothing in particular', async () => {
      const first = await write(KEY, 1);
      const second = await write(KEY, 2);
      expect(second).to.not.equal(first);
      expect(await store.get(KEY)).to.deep.equal({ ...KEY, version: second, value: 2 });
    });

    it('drops the expiry of what it replaces', async () => {
      await write(KEY, 1, NOW + 10);
      const version = await write(KEY, 2);
      expect(await store.get(KEY)).to.deep.equal({ ...KEY, version, value: 2 });
    });

    it('writes where it expects nothing and nothing is', async () => {
      const written = await store.put(KEY, 1, { expected: null });
      expect(written.ok).to.equal(true);
      expect((await store.get(KEY))?.value).to.equal(1);
    });

    it('is refused where it expects nothing and something is, and says what', async () => {
      const version = await write(KEY, { n: 1 });
      expect(await store.put(KEY, { n: 2 }, { expected: null })).to.deep.equal({
        ok: false,
        current: { ...KEY, version, value: { n: 1 } },
      });
      expect((await store.get(KEY))?.value).to.deep.equal({ n: 1 });
    });

    it('writes over the version that it expects', async () => {
      const version = await write(KEY, 1);
      const written = await store.put(KEY, 2, { expected: version });
      expect(written.ok).to.equal(true);
      expect(await store.get(KEY)).to.deep.equal({
        ...KEY,
        version: written.ok ? written.version : undefined,
        value: 2,
      });
    });

    it('is refused over another version, and says what is there', async () => {
      const old = await write(KEY, 1);
      const version = await write(KEY, 2, NOW + 60);
      expect(await store.put(KEY, 3, { expected: old })).to.deep.equal({
        ok: false,
        current: { ...KEY, version, value: 2, expires: NOW + 60 },
      });
      expect((await store.get(KEY))?.value).to.equal(2);
    });

    it('is refused where the version that it expects is gone', async () => {
      const version = await write(KEY, 1);
      await store.remove(KEY);
      expect(await store.put(KEY, 2, { expected: version })).to.deep.equal({ ok: false, current: undefined });
      expect(await store.get(KEY)).to.equal(undefined);
    });

    it('gives a value that was written before a version of its own, so that there is no way back to an old one', async () => {
      const first = await write(KEY, 1);
      await write(KEY, 2);
      await write(KEY, 1);
      expect((await store.put(KEY, 3, { expected: first })).ok).to.equal(false);
    });

    for (const expected of ['nothing', 'a version'] as const) {
      it(`has one winner of 50 at once that expect ${expected}`, async () => {
        const before = expected === 'nothing' ? null : await write(KEY, 'before');
        const writes = await Promise.all(Array.from({ length: 50 }, (_, n) => store.put(KEY, n, { expected: before })));
        const winners = writes.flatMap((written, n) =>
          written.ok ? [{ ...KEY, version: written.version, value: n }] : [],
        );
        expect(winners).to.have.length(1);
        expect(await store.get(KEY)).to.deep.equal(winners[0]);
        const losers = writes.filter((written) => !written.ok);
        expect(losers).to.deep.equal(Array.from({ length: 49 }, () => ({ ok: false, current: winners[0] })));
      });
    }

    it('loses no count among writers that try again with what they were refused for', async () => {
      await write(KEY, 0);
      const countUp = async (): Promise<void> => {
        let current = await store.get(KEY);
        for (;;) {
          const written = await store.put(KEY, Number(current?.value) + 1, { expected: current?.version ?? null });
          if (written.ok) return;
          current = written.current;
        }
      };
      await Promise.all(Array.from({ length: 10 }, countUp));
      expect((await store.get(KEY))?.value).to.equal(10);
    });
  });

  describe('remove', () => {
    it('removes whatever is there', async () => {
      await write(KEY, 1);
      expect((await store.remove(KEY)).ok).to.equal(true);
      expect(await store.get(KEY)).to.equal(undefined);
    });

    it('is content where nothing is', async () => {
      expect((await store.remove(KEY)).ok).to.equal(true);
      expect((await store.remove(KEY, null)).ok).to.equal(true);
    });

    it('removes the version that it expects', async () => {
      const version = await write(KEY, 1);
      expect((await store.remove(KEY, version)).ok).to.equal(true);
      expect(await store.get(KEY)).to.equal(undefined);
    });

    it('is refused over another version, and says what is there', async () => {
      const old = await write(KEY, 1);
      const version = await write(KEY, 2);
      const refused = { ok: false, current: { ...KEY, version, value: 2 } };
      expect(await store.remove(KEY, old)).to.deep.equal(refused);
      expect(await store.remove(KEY, null)).to.deep.equal(refused);
      expect(await store.get(KEY)).to.deep.equal(refused.current);
    });

    it('is refused where the version that it expects is gone', async () => {
      expect(await store.remove(KEY, 'never-written')).to.deep.equal({ ok: false, current: undefined });
    });
  });

  describe('list', () => {
    it('gives the items of one partition in the order of their sort keys', async () => {
      for (const sort of ['b', 'a', 'c']) await write({ partition: 'p', sort }, sort.toUpperCase());
      await write({ partition: 'q', sort: 'x' }, 'X');
      const items = await store.list('p', { limit: 10 });
      expect(items.map(({ partition, sort, value }) => [partition, sort, value])).to.deep.equal([
        ['p', 'a', 'A'],
        ['p', 'b', 'B'],
        ['p', 'c', 'C'],
      ]);
      expect(items[0]).to.deep.equal(await store.get({ partition: 'p', sort: 'a' }));
    });

    it('gives nothing of a partition that has nothing', async () => {
      expect(await store.list('p', { limit: 10 })).to.deep.equal([]);
    });

    it('gives at most as many as its limit, and goes on after a sort key', async () => {
      const all = Array.from({ length: 25 }, (_, n) => `k${String(n).padStart(2, '0')}`);
      await Promise.all(all.map((sort) => write({ partition: 'p', sort }, sort)));
      const pages: string[][] = [];
      let after: string | undefined;
      do {
        const page = sorts(await store.list('p', { after, limit: 10 }));
        pages.push(page);
        after = page.at(-1);
      } while (after !== undefined);
      expect(pages).to.deep.equal([all.slice(0, 10), all.slice(10, 20), all.slice(20), []]);
    });

    it('goes on after a sort key that is not, or no longer, there', async () => {
      for (const sort of ['a', 'b', 'd']) await write({ partition: 'p', sort }, 0);
      expect(sorts(await store.list('p', { after: 'c', limit: 10 }))).to.deep.equal(['d']);
      expect(sorts(await store.list('p', { after: '', limit: 10 }))).to.deep.equal(['a', 'b', 'd']);
      expect(sorts(await store.list('p', { after: 'z', limit: 10 }))).to.deep.equal([]);
    });

    it('fills its page past expired items', async () => {
      for (let n = 0; n < 12; n++) await write({ partition: 'p', sort: `a${n}` }, 0, NOW + 1);
      for (const sort of ['b', 'c', 'd']) await write({ partition: 'p', sort }, 0);
      now = NOW + 2;
      expect(sorts(await store.list('p', { limit: 2 }))).to.deep.equal(['b', 'c']);
    });

    it('gives more than the megabyte that DynamoDB answers at once', async () => {
      const value = textOf(300 * 1024);
      for (const sort of ['a', 'b', 'c', 'd', 'e']) await write({ partition: 'p', sort }, value);
      expect(sorts(await store.list('p', { limit: 10 }))).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    });

    it('orders by UTF-8 bytes, as DynamoDB does', async () => {
      const ordered = ['Z', 'a', 'é', 'ー', '～', '😀'];
      for (const sort of ordered.toReversed()) await write({ partition: 'p', sort }, 0);
      expect(sorts(await store.list('p', { limit: 10 }))).to.deep.equal(ordered);
      expect(sorts(await store.list('p', { after: '～', limit: 10 }))).to.deep.equal(['😀']);
    });
  });

  describe('an item with an expiry', () => {
    it('is there before, and gone from that second on', async () => {
      const version = await write(KEY, 1, NOW + 10);
      const item = { ...KEY, version, value: 1, expires: NOW + 10 };
      now = NOW + 9.999;
      expect(await store.get(KEY)).to.deep.equal(item);
      expect(await store.list(KEY.partition, { limit: 10 })).to.deep.equal([item]);
      now = NOW + 10;
      expect(await store.get(KEY)).to.equal(undefined);
      expect(await store.list(KEY.partition, { limit: 10 })).to.deep.equal([]);
    });

    it('counts as absent for a write, whether or not it was swept', async () => {
      const version = await write(KEY, 1, NOW + 10);
      now = NOW + 11;
      expect(await store.put(KEY, 2, { expected: version })).to.deep.equal({ ok: false, current: undefined });
      expect(await store.remove(KEY, version)).to.deep.equal({ ok: false, current: undefined });
      expect((await store.put(KEY, 2, { expected: null })).ok).to.equal(true);
      expect((await store.get(KEY))?.value).to.equal(2);
    });

    it('is a version like any other until then', async () => {
      const version = await write(KEY, 1, NOW + 10);
      expect((await store.put(KEY, 2, { expected: null })).ok).to.equal(false);
      expect((await store.put(KEY, 2, { expected: version, expires: NOW + 20 })).ok).to.equal(true);
      now = NOW + 11;
      expect(await store.get(KEY)).to.include({ value: 2, expires: NOW + 20 });
    });
  });

  describe('a value', () => {
    it(`may have ${subject.maxBytes} bytes of JSON`, async () => {
      const value = textOf(subject.maxBytes);
      await write(KEY, value);
      expect((await store.get(KEY))?.value).to.equal(value);
    });

    it('is refused by name above that, and leaves what was there', async () => {
      await write(KEY, 'before');
      const bytes = subject.maxBytes + 1;
      await refuses(store.put(KEY, textOf(bytes)), {
        code: 'STORE_ITEM_TOO_LARGE',
        message: `A value of ${bytes} bytes is too large; ${subject.maxBytes} fit.`,
        status: 413,
      });
      expect((await store.get(KEY))?.value).to.equal('before');
    });

    it('is measured in bytes, not in characters', async () => {
      const value = 'é'.repeat(subject.maxBytes / 2);
      await refuses(store.put(KEY, value), {
        code: 'STORE_ITEM_TOO_LARGE',
        message: `A value of ${subject.maxBytes + 2} bytes is too large; ${subject.maxBytes} fit.`,
        status: 413,
      });
    });
  });

  describe('a key', () => {
    for (const sort of [
      'ключ',
      '日本語',
      '😀',
      'a/b',
      '../..',
      ' ',
      'a b',
      '~',
      '\u0000',
      '\uffff',
      '"\\',
      '__proto__',
      'é',
      'e\u0301',
    ]) {
      it(`may be ${JSON.stringify(sort)}`, async () => {
        const key = { partition: 'ä/b', sort };
        const version = await write(key, sort);
        expect(await store.get(key)).to.deep.equal({ ...key, version, value: sort });
        expect(sorts(await store.list('ä/b', { limit: 10 }))).to.deep.equal([sort]);
        expect((await store.remove(key, version)).ok).to.equal(true);
      });
    }

    it('is its own: no other spelling and no other partition finds it', async () => {
      await write({ partition: 'p', sort: 'é' }, 1);
      for (const other of [
        { partition: 'p', sort: 'e\u0301' },
        { partition: 'P', sort: 'é' },
        { partition: 'p/', sort: 'é' },
      ]) {
        expect(await store.get(other)).to.equal(undefined);
      }
    });

    it('may be as long as DynamoDB takes it', async () => {
      const key = { partition: 'p', sort: 'é'.repeat(512) };
      await write(key, textOf(subject.maxBytes));
      expect((await store.get(key))?.sort).to.equal(key.sort);
    });

    for (const [what, key, reason] of [
      ['an empty sort key', { partition: 'p', sort: '' }, 'its sort key is empty'],
      ['an empty partition', { partition: '', sort: 's' }, 'its partition is empty'],
      [
        'a sort key of 1025 bytes',
        { partition: 'p', sort: 's'.repeat(1025) },
        'its sort key has 1025 bytes, and 1024 fit',
      ],
      [
        'a partition of 2049 bytes',
        { partition: 'p'.repeat(2049), sort: 's' },
        'its partition has 2049 bytes, and 2048 fit',
      ],
      ['half a character', { partition: 'p', sort: 'a\ud800' }, 'its sort key is no valid Unicode'],
    ] as const) {
      it(`is refused by name with ${what}, whatever is asked`, async () => {
        const refusal = { code: 'STORE_KEY_INVALID', message: `An item cannot have this key: ${reason}.`, status: 400 };
        await refuses(store.get(key), refusal);
        await refuses(store.put(key, 1), refusal);
        await refuses(store.remove(key), refusal);
      });
    }
  });
}

async function refuses(promise: Promise<unknown>, expected: Record<string, unknown>): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(Error).that.includes(expected);
}
