import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createContext, createStorage } from '../../../../runtime/harness/webtask-runtime.ts';
import { jsonOf } from './support.ts';

describe('the storage of webtask-runtime', () => {
  it('shows what it holds, and calls back at once', () => {
    const storage = createStorage();
    const seen: unknown[] = [storage.etag];
    storage.get((error, data) => seen.push(error, data, storage.etag));
    storage.set({ n: 1 }, (error) => seen.push(error, storage.data, storage.etag));
    storage.set(null, () => seen.push(storage.data, storage.etag));
    const etag = 'CCwmyKa8dSJqMdpUlcySkg==';
    expect(seen).to.have.length(9);
    expect(seen.slice(0, 6)).to.deep.equal([undefined, null, undefined, null, undefined, { n: 1 }]);
    expect(seen.slice(6)).to.deep.equal([etag, undefined, undefined]);
  });

  it('wants a get or force before a set', () => {
    const storage = createStorage();
    expect(() => storage.set(1)).to.throw(
      'When calling storage.set without having called storage.get before, you must specify the .force option.',
    );
    storage.set(1, { force: true });
    expect(storage.data).to.equal(1);
  });

  it('refuses a set that expects another document, with the one that is there', () => {
    const storage = createStorage({ n: 1 });
    for (const etag of ['other', null]) {
      let found: unknown;
      storage.set({ n: 2 }, { etag }, (error) => {
        found = error;
      });
      expect(found).to.include({ code: 409, message: 'Item was modified since it was read.' });
      expect(found).to.have.property('conflict').that.deep.equals({ n: 1 });
    }
    storage.set({ n: 2 }, { etag: String(storage.etag) });
    expect(storage.data).to.deep.equal({ n: 2 });
  });

  it('refuses arguments of other types', () => {
    const storage = createStorage();
    const get = storage.get as (...args: unknown[]) => void;
    expect(() => get()).to.throw('Callback must be a function.');
    expect(() => get({}, 1)).to.throw('Callback must be a function.');
    expect(() => get('x', () => undefined)).to.throw('Options must be an object.');
  });

  it('can be given to simulate, and looked into afterwards', async () => {
    const storage = createStorage({ n: 1 });
    await jsonOf((ctx, cb) => ctx.storage.get(() => ctx.storage.set({ n: 2 }, cb)), { storage });
    expect(storage.data).to.deep.equal({ n: 2 });
  });

  it('begins with initialStorageData', async () => {
    const read = { initialStorageData: { n: 1 }, storageFile: '/nowhere.json' };
    expect(await jsonOf((ctx, cb) => ctx.storage.get(cb), read)).to.deep.equal({ n: 1 });
  });

  describe('in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'webtask-runtime-'));
    const storageFile = join(folder, 'data.json');
    after(() => rmSync(folder, { recursive: true }));

    it('is written on each set, read at the start, and removed with the document', async () => {
      const set = (data: unknown) => jsonOf((ctx, cb) => ctx.storage.set(data, { force: true }, cb), { storageFile });
      expect(await jsonOf((ctx, cb) => ctx.storage.get(cb), { storageFile })).to.deep.equal({});
      await set({ n: 1 });
      expect(readFileSync(storageFile, 'utf8')).to.equal('{\n  "n": 1\n}');
      expect(createStorage(undefined, { storageFile }).data).to.deep.equal({ n: 1 });
      await set(null);
      expect(existsSync(storageFile)).to.equal(false);
    });

    it('is not overwritten where it holds no JSON', () => {
      writeFileSync(storageFile, 'notes');
      expect(() => createStorage(undefined, { storageFile }))
        .to.throw(`${storageFile} cannot be used: it holds no JSON.`)
        .with.property('code', 'PROJECT_INVALID');
    });

    it('reports that it cannot be written', async () => {
      const { message } = await jsonOf((ctx, cb) => ctx.storage.set(1, { force: true }, cb), {
        storageFile: join(folder, 'absent', 'data.json'),
      });
      expect(message).to.match(/^ENOENT/);
    });
  });
});

describe('createContext', () => {
  it('makes the context of a request, with defaults for all of it', () => {
    const { id, storage, create_token, create_token_url, ...context } = createContext();
    expect(id).to.match(/^\d+\.\d+$/);
    expect(storage).to.include({ data: undefined, etag: undefined });
    expect([create_token, create_token_url].map((it) => typeof it)).to.deep.equal(['function', 'function']);
    const headers = { 'content-type': 'application/json' };
    expect(context).to.deep.equal({ data: {}, query: {}, params: {}, secrets: {}, meta: {}, headers });
  });

  it('takes what a test gives', () => {
    const createToken = () => undefined;
    const context = createContext({
      query: { webtask_pb: '1', q: '1' },
      params: { p: 2 },
      secrets: { s: '3' },
      body: '{"b":4,"s":"no"}',
      mergeBody: true,
      headers: { 'X-A': 'a' },
      reqId: 'r',
      token: 't',
      createToken,
    });
    expect(context).to.deep.include({
      id: 'r',
      data: { q: '1', p: 2, s: '3', b: 4 },
      query: { q: '1' },
      headers: { 'content-type': 'application/json', 'x-a': 'a' },
      body: { b: 4, s: 'no' },
      token: 't',
      create_token: createToken,
    });
    expect(() => context.create_token_url({}, () => undefined)).to.throw(
      "The 'create_token_url' method is not supported in this environment",
    );
  });
});
