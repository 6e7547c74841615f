import { expect } from 'chai';
import { createStorage, type WebtaskStorage } from '../../../runtime/context/index.ts';
import { createMemoryStore, type Store } from '../../../runtime/store/index.ts';
import { called, failureOf, get, set } from '../../support/storage.ts';
import { run } from '../../support/webtask.ts';

describe('context.storage', () => {
  let store: Store;

  beforeEach(() => {
    store = createMemoryStore();
  });

  /** The storage of one run; `name` is `null` for an anonymous one. */
  const storageOf = (name: string | null = 'counter', container = 'acme'): WebtaskStorage =>
    createStorage(async () => store, container, name ?? undefined);

  describe('one JSON document for each named webtask', () => {
    it('is what the next run gets', async () => {
      await set(storageOf(), { n: 1 }, { force: true });
      expect(await get(storageOf())).to.deep.equal({ n: 1 });
    });

    it('is of its webtask and container alone', async () => {
      await set(storageOf('counter', 'acme'), 1, { force: true });
      expect(await get(storageOf('counter', 'other'))).to.equal(undefined);
      expect(await get(storageOf('other', 'acme'))).to.equal(undefined);
      expect(await get(storageOf('acme/counter', 'storage'))).to.equal(undefined);
    });

    for (const document of [false, 0, '', [], {}, 'text', [null, { a: [1] }]]) {
      it(`may be ${JSON.stringify(document)}`, async () => {
        await set(storageOf(), document, { force: true });
        expect(await get(storageOf())).to.deep.equal(document);
      });
    }

    it('is what the data was when it was set, whatever the webtask does with it afterwards', async () => {
      const data = { list: [1] };
      const done = set(storageOf(), data, { force: true });
      data.list.push(2);
      await done;
      expect(await get(storageOf())).to.deep.equal({ list: [1] });
    });

    it('may have 500 KB', async () => {
      const document = 'x'.repeat(500 * 1024 - 2);
      await set(storageOf(), document, { force: true });
      expect(await get(storageOf())).to.equal(document);
    });

    it('is refused with 413 above that, and leaves what was there', async () => {
      await set(storageOf(), 'before', { force: true });
      const failure = await failureOf(storageOf(), 'x'.repeat(500 * 1024), { force: true });
      expect(failure).to.include({
        code: 413,
        statusCode: 413,
        message: 'The document has 512002 bytes; storage holds 512000.',
      });
      expect(await get(storageOf())).to.equal('before');
    });

    it('is not there for an anonymous run', async () => {
      const refusal = {
        code: 400,
        statusCode: 400,
        message: 'Storage is not available to a webtask without a name.',
      };
      const [error] = await called((callback) => storageOf(null).get(callback));
      expect(error).to.be.instanceOf(Error).that.includes(refusal);
      expect(await failureOf(storageOf(null), 1, { force: true })).to.include(refusal);
      expect(await failureOf(storageOf(null), null)).to.include(refusal);
    });

    it('is not opened before a webtask asks for it', () => {
      createStorage(() => expect.fail('was opened'), 'acme', 'counter');
    });
  });

  describe('get([options], callback)', () => {
    it('gives undefined while there is nothing', async () => {
      expect(await called((callback) => storageOf().get(callback))).to.deep.equal([null, undefined]);
    });

    it('takes options, and none', async () => {
      await set(storageOf(), 1, { force: true });
      expect(await called((callback) => storageOf().get({}, callback))).to.deep.equal([null, 1]);
      expect(await called((callback) => storageOf().get(null as never, callback))).to.deep.equal([null, 1]);
    });

    it('gives the error of the store', async () => {
      const broken = new Error('down');
      const storage = createStorage(() => Promise.reject(broken), 'acme', 'counter');
      expect(await called((callback) => storage.get(callback))).to.deep.equal([broken]);
    });
  });

  describe('set(data, [options], [callback])', () => {
    it('calls back with no argument at all, because webtasks compare the error with undefined', async () => {
      expect(await called((callback) => storageOf().set(1, { force: true }, callback))).to.deep.equal([]);
    });

    it('needs no options after a get', async () => {
      const storage = storageOf();
      await get(storage);
      expect(await called((callback) => storage.set(1, callback))).to.deep.equal([]);
      expect(await get(storageOf())).to.equal(1);
    });

    it('needs no callback', async () => {
      const storage = storageOf();
      await get(storage);
      storage.set(1);
      expect(await get(storage)).to.equal(1);
      storage.set(2, { force: true });
      expect(await get(storage)).to.equal(2);
      storage.set(3, undefined);
      expect(await get(storage)).to.equal(3);
    });

    it('does without a callback also when it fails', async () => {
      const storage = createStorage(() => Promise.reject(new Error('down')), 'acme', 'counter');
      storage.set(1, { force: true });
      await called((callback) => storage.get(callback));
    });

    it('throws without a get before, without force, as the original does', () => {
      expect(() => storageOf().set({ n: 1 })).to.throw(
        Error,
        /^When calling storage\.set without having called storage\.get before, you must specify the \.force option\.$/,
      );
    });

    it('throws so in each run: what another has read does not count', async () => {
      const first = storageOf();
      await get(first);
      await set(first, 1);
      expect(() => storageOf().set(2)).to.throw('When calling storage.set without having called storage.get before');
    });

    it('replaces whatever is there with force, true or 1', async () => {
      await set(storageOf(), 1, { force: true });
      await set(storageOf(), 2, { force: 1 });
      expect(await get(storageOf())).to.equal(2);
    });

    for (const nothing of [undefined, null]) {
      it(`deletes the document with ${nothing}`, async () => {
        const storage = storageOf();
        await set(storage, 1, { force: true });
        await set(storage, nothing);
        expect(await get(storageOf())).to.equal(undefined);
      });

      it(`deletes with ${nothing} without a get before`, async () => {
        await set(storageOf(), 1, { force: true });
        await set(storageOf(), nothing);
        expect(await get(storageOf())).to.equal(undefined);
      });
    }

    it('deletes where nothing is, and goes on from there', async () => {
      const storage = storageOf();
      await set(storage, null);
      await set(storage, 1);
      expect(await get(storageOf())).to.equal(1);
    });

    it('goes on from what it wrote itself, without another get', async () => {
      const storage = storageOf();
      await get(storage);
      for (const n of [1, 2, 3]) await set(storage, n);
      expect(await get(storageOf())).to.equal(3);
    });
  });

  describe('wrong use throws at once', () => {
    const data = { n: 1 };
    const wrong: Record<string, [message: string, call: (storage: WebtaskStorage) => void]> = {
      'get without a callback': ['Callback must be a function.', (it) => it.get(undefined as never)],
      'get with options alone': ['Callback must be a function.', (it) => it.get({} as never)],
      'get with a text alone': ['Callback must be a function.', (it) => it.get('x' as never)],
      'get with options that are a text': ['Options must be an object.', (it) => it.get('x' as never, () => 0)],
      'set with a callback that is a text': ['Callback must be a function.', (it) => it.set(data, {}, 'x' as never)],
      'set with a text alone': ['Callback must be a function.', (it) => it.set(data, 'x' as never)],
      'set with options that are a text': ['Options must be an object.', (it) => it.set(data, 'x' as never, () => 0)],
      'set with options that are a number': ['Options must be an object.', (it) => it.set(data, 1 as never, () => 0)],
      'set with a function as data': ['Data must be a JSON value.', (it) => it.set(() => 0, { force: true })],
    };
    for (const [what, [message, call]] of Object.entries(wrong)) {
      it(`${what}: ${message}`, () => {
        expect(() => call(storageOf()))
          .to.throw(Error)
          .with.property('message', message);
      });
    }

    it('set with data that JSON cannot hold', () => {
      const circular: { self?: unknown } = {};
      circular.self = circular;
      expect(() => storageOf().set(circular, { force: true })).to.throw(TypeError, /^Converting circular structure/);
    });
  });

  describe('a callback that throws', () => {
    it('is the error of the run, and is not called again', async () => {
      const reply = await run(
        'return (ctx, cb) => { ctx.storage.get(() => { throw new RangeError("far"); }); }',
        {},
        { storage: storageOf() },
      );
      expect({ status: reply.status, details: JSON.parse(reply.body).details }).to.deep.equal({
        status: 500,
        details: 'RangeError: far',
      });
    });
  });
});
