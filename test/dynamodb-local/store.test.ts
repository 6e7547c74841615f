import { expect } from 'chai';
import { createRegistry } from '../../runtime/server/registry.ts';
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

    it('is written by exactly one of those who create it at once', async () => {
      const key = { partition: 'p', sort: 'only' };
      const writes = Array.from({ length: 50 }, (_, n) => store.put(key, n, { expected: null }));
      expect((await Promise.all(writes)).filter(({ ok }) => ok)).to.have.length(1);
    });
  });
});
