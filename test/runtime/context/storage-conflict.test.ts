import { expect } from 'chai';
import { createStorage, type WebtaskStorage } from '../../../runtime/context/index.ts';
import { createMemoryStore, type Store } from '../../../runtime/store/index.ts';
import { failureOf, get, set } from '../../support/storage.ts';
import { run } from '../../support/webtask.ts';

describe('context.storage that others write too', () => {
  let store: Store;

  beforeEach(() => {
    store = createMemoryStore();
  });

  /** The storage of one run; `name` is `null` for an anonymous one. */
  const storageOf = (name: string | null = 'counter', container = 'acme'): WebtaskStorage =>
    createStorage(async () => store, container, name ?? undefined);

  const CONFLICT = { code: 409, statusCode: 409, message: 'The document was changed since it was read.' };

  describe('a conflict', () => {
    it('has code 409, carries the document that is there, and changes nothing', async () => {
      const storage = storageOf();
      await get(storage);
      await set(storageOf(), { n: 1 }, { force: true });
      const failure = await failureOf(storage, { n: 2 });
      expect(failure).to.include(CONFLICT);
      expect(failure.conflict).to.deep.equal({ n: 1 });
      expect(await get(storageOf())).to.deep.equal({ n: 1 });
    });

    it('is also to delete what was changed', async () => {
      await set(storageOf(), 1, { force: true });
      const storage = storageOf();
      await get(storage);
      await set(storageOf(), 2, { force: true });
      expect(await failureOf(storage, null)).to.include({ ...CONFLICT, conflict: 2 });
    });

    it('is also to write what was deleted', async () => {
      await set(storageOf(), 1, { force: true });
      const storage = storageOf();
      await get(storage);
      await set(storageOf(), null);
      const failure = await failureOf(storage, 2);
      expect(failure).to.include(CONFLICT);
      expect(failure).to.have.property('conflict', undefined);
    });

    it('counts as having seen what is there, so that set may be called again without a get', async () => {
      const storage = storageOf();
      await get(storage);
      await set(storageOf(), { n: 1 }, { force: true });
      const { conflict } = await failureOf(storage, { m: 2 });
      await set(storage, { ...(conflict as object), m: 2 });
      expect(await get(storageOf())).to.deep.equal({ n: 1, m: 2 });
    });

    it('is a new one where the document was changed once more', async () => {
      const storage = storageOf();
      await get(storage);
      for (const n of [1, 2]) {
        await set(storageOf(), n, { force: true });
        expect(await failureOf(storage, 'mine')).to.include({ ...CONFLICT, conflict: n });
      }
    });

    it('loses no count in the documented retry, among ten runs at once', async () => {
      const code = `module.exports = function (ctx, cb) {
        ctx.storage.get(function (error, data) {
          if (error) return cb(error);
          data = data || { counter: 0 };
          var attempts = 30;
          (function set_data() {
            data.counter++;
            ctx.storage.set(data, function (error) {
              if (error) {
                if (error.code === 409 && attempts--) {
                  data.counter = error.conflict.counter;
                  return set_data();
                }
                return cb(error);
              }
              cb(null, data.counter);
            });
          })();
        });
      }`;
      await set(storageOf(), { counter: 0 }, { force: true });
      const replies = await Promise.all(Array.from({ length: 10 }, () => run(code, {}, { storage: storageOf() })));
      expect(replies.map(({ body }) => Number(body)).toSorted((a, b) => a - b)).to.deep.equal([
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
      ]);
      expect(await get(storageOf())).to.deep.equal({ counter: 10 });
    });
  });

  describe('options.etag', () => {
    it('is the version that is expected, without a get before', async () => {
      await set(storageOf(), 1, { force: true });
      const etag = (await store.get({ partition: 'storage/acme', sort: 'counter' }))?.version;
      await set(storageOf(), 2, { etag });
      expect(await get(storageOf())).to.equal(2);
      expect(await failureOf(storageOf(), 3, { etag })).to.include({ ...CONFLICT, conflict: 2 });
    });

    it('is null where nothing must be there', async () => {
      await set(storageOf(), 1, { etag: null });
      expect(await failureOf(storageOf(), 2, { etag: null })).to.include({ ...CONFLICT, conflict: 1 });
    });

    it('wins over what the run has seen, and force over it', async () => {
      const storage = storageOf();
      await get(storage);
      await set(storage, 1);
      expect(await failureOf(storage, 2, { etag: null })).to.include({ ...CONFLICT, conflict: 1 });
      await set(storage, 3, { etag: null, force: true });
      expect(await get(storage)).to.equal(3);
    });
  });
});
