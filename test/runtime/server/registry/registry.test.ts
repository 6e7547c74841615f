import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { sha256Hex } from '../../../../runtime/code/index.ts';
import {
  createRegistry,
  type NamedWebtask,
  type Registry,
  readStoredCodeUrl,
  storedCodeUrl,
} from '../../../../runtime/server/registry/registry.ts';
import { createMemoryStore, openStore, type Store } from '../../../../runtime/store/index.ts';
import { CREATES } from '../../../support/creates.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { killAndLook } from '../../../support/registry-kill.ts';

const MAX_CODE_BYTES = 5 * 1024 * 1024;

describe('the registry of named webtasks', () => {
  let store: Store;
  let registry: Registry;

  beforeEach(() => {
    store = createMemoryStore();
    registry = createRegistry(async () => store, { isOwnHost: (host) => host === 'own.test' }, MAX_CODE_BYTES);
  });

  const put = (name: string, more: Partial<NamedWebtask> = {}): Promise<NamedWebtask> =>
    registry.putNamed({ container: 'dev', name, token: `token of ${name}`, meta: {}, ...more });
  const namesOf = (webtasks: readonly NamedWebtask[]): string[] => webtasks.map(({ name }) => name);

  describe('one webtask', () => {
    it('is what was written last, whole', async () => {
      await put('hello', { meta: { a: '1' }, code: 'x' });
      const { version } = await put('hello', { token: 'second' });
      expect(await registry.getNamed('dev', 'hello')).to.deep.equal({
        container: 'dev',
        name: 'hello',
        token: 'second',
        meta: {},
        version,
      });
    });

    it('is of its container alone', async () => {
      await put('hello');
      expect(await registry.getNamed('other', 'hello')).to.equal(undefined);
    });

    it('is not replaced where it is not what was expected', async () => {
      const { version } = await put('hello');
      const webtask = { container: 'dev', name: 'hello', token: 'mine', meta: {} };
      const refused = {
        code: 'NAME_CHANGED',
        message: 'the webtask `hello` was changed at the same time',
        fix: 'Read it, and send the change again.',
      };
      expect(await refusalOf(registry.putNamed(webtask, null))).to.deep.equal(refused);
      await registry.putNamed(webtask, version);
      expect(await refusalOf(registry.putNamed(webtask, version))).to.deep.equal(refused);
    });

    it('is gone once it was removed', async () => {
      await put('hello');
      expect(await registry.removeNamed('dev', 'hello')).to.include({ token: 'token of hello' });
      expect(await registry.removeNamed('dev', 'hello')).to.equal(undefined);
      expect(await registry.getNamed('dev', 'hello')).to.equal(undefined);
    });
  });

  describe('a list', () => {
    it('is in the order of names, and goes on where it is told to', async () => {
      for (let i = 0; i < 250; i++) await put(`w${String(i).padStart(3, '0')}`);
      expect(namesOf(await registry.listNamed('dev', { offset: 0, limit: 2 }))).to.deep.equal(['w000', 'w001']);
      expect(namesOf(await registry.listNamed('dev', { offset: 248, limit: 100 }))).to.deep.equal(['w248', 'w249']);
      expect(await registry.listNamed('dev', { offset: 250, limit: 100 })).to.deep.equal([]);
    });

    it('holds only those with all of the metadata', async () => {
      await put('both', { meta: { a: '1', b: '2', c: '3' } });
      await put('one', { meta: { a: '1' } });
      const meta = [
        ['a', '1'],
        ['b', '2'],
      ] as const;
      expect(namesOf(await registry.listNamed('dev', { offset: 0, limit: 10, meta }))).to.deep.equal(['both']);
      expect(await registry.listNamed('dev', { offset: 1, limit: 10, meta })).to.deep.equal([]);
      const contradiction = [...meta, ['a', '2']] as const;
      expect(await registry.listNamed('dev', { offset: 0, limit: 10, meta: contradiction })).to.deep.equal([]);
    });

    it('is of all containers where none is named', async () => {
      await put('b', { container: 'two' });
      await put('a', { container: 'two' });
      await put('c', { container: 'one' });
      expect(namesOf(await registry.listNamed(undefined, { offset: 0, limit: 10 }))).to.deep.equal(['c', 'a', 'b']);
    });
  });

  describe('a custom domain', () => {
    it('belongs to the first container that claims it, also once its webtask is gone', async () => {
      await put('hello', { host: 'Shop.Test' });
      await put('other', { host: 'shop.test.' });
      await registry.removeNamed('dev', 'hello');
      expect(await registry.containerOfHost('shop.test')).to.equal('dev');
      expect(await refusalOf(put('hello', { container: 'thief', host: 'shop.test' }))).to.deep.equal({
        code: 'HOST_TAKEN',
        message: 'the host `shop.test` belongs to another container',
        fix: undefined,
      });
      expect(await registry.getNamed('thief', 'hello')).to.equal(undefined);
    });

    it("is never one of the cluster's own", async () => {
      expect(await refusalOf(put('hello', { host: 'OWN.test' }))).to.deep.equal({
        code: 'HOST_OWN',
        message: "the host `own.test` is one of this cluster's own",
        fix: undefined,
      });
    });

    for (const host of [
      '',
      'a b',
      'a/b',
      '-a.test',
      'a..b',
      'http://a.test',
      'a.test:80',
      '192.0.2.1',
      '::2',
      '127.1',
    ]) {
      it(`is a name of DNS, one way to write each: "${host}" is refused`, async () => {
        expect(await refusalOf(put('hello', { host }))).to.deep.equal({
          code: 'HOST_INVALID',
          message: `the host \`${host}\` is no DNS name`,
          fix: 'Write the name alone, such as shop.example.com: no port and no IP address, and an international name as xn--.',
        });
      });
    }
  });

  describe('code', () => {
    for (const [what, text] of [
      ['none', ''],
      ['a little', 'return cb => cb();'],
      ['5 MB of characters that are not ASCII', 'ü'.repeat(MAX_CODE_BYTES / 2)],
    ] as const) {
      it(`is given back as it was: ${what}`, async () => {
        const sha256 = await registry.putCode(text);
        expect((await registry.getCode(sha256)) === text).to.equal(true);
      });
    }

    it('is refused where it is too large', async () => {
      expect(await refusalOf(registry.putCode('x'.repeat(MAX_CODE_BYTES + 1)))).to.include({
        code: 'BODY_TOO_LARGE',
        message: 'Script exceeds the size limit.',
      });
    });

    it('is not there before all of it is', async () => {
      const text = 'x'.repeat(1024 * 1024);
      let writes = 0;
      const dying: Store = {
        ...store,
        put: async (...args) => {
          if (++writes === 3) throw new Error('killed');
          return store.put(...args);
        },
      };
      const half = createRegistry(async () => dying, { isOwnHost: () => false }, MAX_CODE_BYTES);
      await half.putCode(text).catch(() => undefined);
      expect(writes).to.equal(3);
      expect(await registry.getCode(sha256Hex(text))).to.equal(undefined);
      expect((await registry.getCode(await registry.putCode(text))) === text).to.equal(true);
    });

    it('of a name is another URL than code by content', () => {
      const named = { container: 'dev', name: 'a~b' };
      expect(storedCodeUrl(named)).to.equal('webtask://localhost/api/data/code/dev%2Fa~b');
      expect(readStoredCodeUrl(storedCodeUrl(named))).to.deep.equal(named);
      const sha256 = 'ab'.repeat(32);
      expect(readStoredCodeUrl(storedCodeUrl({ sha256 }))).to.deep.equal({ sha256 });
      expect(readStoredCodeUrl('https://example.com/api/data/code/dev%2Fa')).to.equal(undefined);
    });
  });

  describe('over the embedded store', () => {
    let folder: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'webtask-registry-'));
    });

    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it(`${CREATES} creates of one name at once leave one of them, whole`, async () => {
      store = await openStore(folder, {});
      const creates = Array.from({ length: CREATES }, async (_, i) => {
        const code = await registry.putCode(`return cb => cb(null, ${i % 10});`);
        return put('same', { token: `token ${i}`, meta: { i: String(i) }, code });
      });
      const versions = new Map((await Promise.all(creates)).map((it) => [it.version, it]));
      expect(versions.size).to.equal(CREATES);
      const found = await registry.getNamed('dev', 'same');
      expect(found).to.deep.equal(versions.get(found?.version ?? ''));
      const [only, ...others] = await registry.listNamed('dev', { offset: 0, limit: 10 });
      expect([only, others]).to.deep.equal([found, []]);
      await store.close();
    }).timeout(60_000);

    it(`${CREATES} creates of a name that nobody may have yet: one succeeds`, async () => {
      store = await openStore(folder, {});
      const creates = Array.from({ length: CREATES }, (_, i) =>
        registry.putNamed({ container: 'dev', name: 'same', token: `token ${i}`, meta: {} }, null),
      );
      const ends = await Promise.allSettled(creates);
      expect(ends.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
      await store.close();
    }).timeout(60_000);

    it('keeps what it acknowledged when its process is killed in the middle of writing', async () => {
      await killAndLook(folder, 0, 10);
    }).timeout(60_000);
  });
});
