import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { backUp, restore } from '../../runtime/backup/index.ts';
import { createRegistry } from '../../runtime/server/registry/registry.ts';
import { createDocuments, openStore, type Store } from '../../runtime/store/index.ts';
import { conformsToStore } from '../runtime/store/conformance.ts';
import { newTable } from '../support/table.ts';

const open = async (now?: () => number): Promise<Store> =>
  openStore('/nowhere', { WEBTASK_DYNAMODB_TABLE: await newTable() }, now);

describe('a table of DynamoDB Local', () => {
  conformsToStore({ open, maxBytes: 390 * 1024 });

  describe('what is kept in several items', () => {
    let store: Store;

    before(async () => {
      store = await open();
    });

    after(() => store.close());

    it('is one document, replaced as a whole', async () => {
      const documents = createDocuments(store);
      const key = { partition: 'storage/acme', sort: 'counter' };
      for (const letter of ['a', 'é', '日']) {
        const text = letter.repeat(480_000 / Buffer.byteLength(letter));
        await documents.put(key, { text });
        expect((await documents.get(key))?.value).to.deep.equal({ text });
      }
    });

    it('is the code of a webtask, of 5 MB', async () => {
      const registry = createRegistry(async () => store, { isOwnHost: () => false }, 5 * 1024 * 1024);
      const code = '日本語 '.repeat(500_000);
      expect(await registry.getCode(await registry.putCode(code))).to.equal(code);
    });

    it('is backed up page by page, and restored into another table', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'wt-'));
      const file = join(folder, 'backup.gz');
      const [from, to] = [await newTable(), await newTable()];
      const old = await openStore('/nowhere', { WEBTASK_DYNAMODB_TABLE: from });
      for (let n = 0; n < 450; n++) await old.put({ partition: `p${n % 7}`, sort: String(n) }, n);
      await createDocuments(old).put({ partition: 'storage/acme', sort: 'a' }, 'x'.repeat(400_000));
      await old.close();
      const more = { dataFolder: '/nowhere', file, now: 0 };
      await backUp({ ...more, env: { WEBTASK_DYNAMODB_TABLE: from }, withKeys: false });
      const { items } = await restore({ ...more, env: { WEBTASK_DYNAMODB_TABLE: to } });
      expect(items).to.equal(453);
      const restored = await openStore('/nowhere', { WEBTASK_DYNAMODB_TABLE: to });
      expect((await restored.get({ partition: 'p1', sort: '400' }))?.value).to.equal(400);
      const document = await createDocuments(restored).get({ partition: 'storage/acme', sort: 'a' });
      expect(document?.value).to.equal('x'.repeat(400_000));
      await restored.close();
      await rm(folder, { recursive: true });
    }).timeout(30_000);

    it('is written by exactly one of those who create it at once', async () => {
      const key = { partition: 'p', sort: 'only' };
      const writes = Array.from({ length: 50 }, (_, n) => store.put(key, n, { expected: null }));
      expect((await Promise.all(writes)).filter(({ ok }) => ok)).to.have.length(1);
    });
  });
});
