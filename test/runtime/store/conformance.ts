import { expect } from 'chai';
import type { Key, Store } from '../../../runtime/store/index.ts';
import { specifyLimits } from './conformance-limits.ts';
import { specifyListAndExpiry } from './conformance-list.ts';

/** What the specification needs of the store that it is run over. */
export interface Subject {
  /** Opens the store, empty; it reads the time from `now`. */
  open(now: () => number): Promise<Store>;
  /** The largest value it takes, in bytes of JSON. */
  readonly maxBytes: number;
}

/** 2025-01-01, in seconds. */
export const NOW = 1_735_689_600;

export const KEY = { partition: 'storage/acme', sort: 'counter' };

/** A JSON text of exactly so many bytes. */
export const textOf = (bytes: number): string => 'x'.repeat(bytes - 2);

/** The store that is looked at, and what moves its clock. */
export interface Bench {
  /** The store, empty at the start of each test. */
  store(): Store;
  /** Writes what must be written. */
  write(key: Key, value: unknown, expires?: number): Promise<string>;
  /** Moves the clock of the store. */
  moveTo(now: number): void;
  /** The largest value that it takes, in bytes of JSON. */
  readonly maxBytes: number;
}

/** What every store keeps to, whatever is behind it. */
export function conformsToStore(subject: Subject): void {
  let store: Store;
  let now = NOW;

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
  async function write(key: Key, value: unknown, expires?: number): Promise<string> {
    const written = await store.put(key, value, { expires });
    if (!written.ok) throw new Error('an unconditional write was refused');
    return written.version;
  }

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

  const bench: Bench = {
    store: () => store,
    write,
    moveTo(to) {
      now = to;
    },
    maxBytes: subject.maxBytes,
  };
  specifyListAndExpiry(bench);
  specifyLimits(bench);
}
