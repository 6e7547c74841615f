import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createDocuments, createMemoryStore, openStore, type Store } from '../../../runtime/store/index.ts';
import { FROM_SOURCE } from '../../support/program.ts';
import { refusalOf } from '../../support/refusal.ts';

const KEY = { partition: 'storage/acme', sort: 'counter' };
const HOUR_MS = 60 * 60 * 1000;
const MAX_BYTES = 500 * 1024;

/** Documents on both sides of what one item holds. */
const SMALL = { text: 'small' };
const LARGE = { text: '"'.repeat(200 * 1024) };
const OTHER = { text: 'ü'.repeat(200 * 1024) };

const WRITER = fileURLToPath(new URL('./fixtures/documents-writer.ts', import.meta.url));

describe('documents that are larger than an item', () => {
  let store: Store;
  /** The partitions that pieces were written to. */
  let partitions: Set<string>;
  let now: number;

  beforeEach(() => {
    const memory = createMemoryStore();
    partitions = new Set();
    store = {
      ...memory,
      put: (key, ...rest) => {
        if (key.partition.startsWith('documents/')) partitions.add(key.partition);
        return memory.put(key, ...rest);
      },
    };
    now = 1_000_000_000_000;
  });

  const documentsOf = (over: Store) => createDocuments(over, () => now);

  /** How many items are left beside the document itself. */
  async function leftovers(): Promise<number> {
    let count = 0;
    for (const partition of partitions) count += (await store.list(partition, { limit: 1000 })).length;
    return count;
  }

  for (const [what, value] of Object.entries({ null: null, small: SMALL, large: LARGE, other: OTHER })) {
    it(`are given back as they were put: ${what}`, async () => {
      const documents = documentsOf(store);
      const written = await documents.put(KEY, value, { expected: null });
      const { ok, ...version } = written as { ok: true; version: string };
      expect(ok).to.equal(true);
      expect(await documents.get(KEY)).to.deep.equal({ ...KEY, ...version, value });
    });
  }

  it('have 500 KB of JSON at most', async () => {
    const documents = documentsOf(store);
    expect(await documents.put(KEY, 'x'.repeat(MAX_BYTES - 2))).to.include({ ok: true });
    expect(await refusalOf(documents.put(KEY, 'x'.repeat(MAX_BYTES - 1)))).to.include({
      code: 'STORE_ITEM_TOO_LARGE',
      message: `A value of ${MAX_BYTES + 1} bytes is too large; ${MAX_BYTES} fit.`,
    });
  });

  it('leave nothing of what they replace, or of a write that was refused', async () => {
    const documents = documentsOf(store);
    const first = await documents.put(KEY, LARGE);
    expect(await leftovers()).to.equal(2);
    await documents.put(KEY, OTHER);
    expect(await leftovers()).to.equal(2);
    const refused = await documents.put(KEY, LARGE, { expected: first.ok ? first.version : '' });
    expect(refused).to.deep.equal({ ok: false, current: await documents.get(KEY) });
    expect(await leftovers()).to.equal(2);
    await documents.put(KEY, SMALL);
    expect(await leftovers()).to.equal(0);
    await documents.put(KEY, LARGE);
    await documents.remove(KEY);
    expect(await documents.get(KEY)).to.equal(undefined);
    expect(await leftovers()).to.equal(0);
  });

  it('are what they were when a write dies at any of its steps, and their orphans are swept', async () => {
    for (let diesAt = 1; ; diesAt++) {
      await documentsOf(store).put(KEY, LARGE);
      let step = 0;
      const inStep = async <T>(call: () => Promise<T>): Promise<T> => {
        if (++step >= diesAt) throw new Error('killed');
        return call();
      };
      const dying: Store = {
        ...store,
        put: (...args) => inStep(() => store.put(...args)),
        remove: (...args) => inStep(() => store.remove(...args)),
      };
      const died = await documentsOf(dying)
        .put(KEY, OTHER)
        .then(
          () => false,
          () => true,
        );
      const { value } = (await documentsOf(store).get(KEY)) ?? {};
      const isOld = diesAt <= 4; // a note, two pieces, and the item itself
      expect(value, `died at step ${diesAt}`).to.deep.equal(isOld ? LARGE : OTHER);

      now += HOUR_MS;
      await documentsOf(store).sweep();
      expect(await leftovers(), `died at step ${diesAt}`).to.equal(2);
      if (!died) {
        expect(diesAt).to.equal(8);
        return;
      }
    }
  });

  it('are swept by the next large write too', async () => {
    const dying: Store = { ...store, put: (key, ...rest) => (key === KEY ? refuse() : store.put(key, ...rest)) };
    await documentsOf(dying)
      .put(KEY, LARGE)
      .catch(() => undefined);
    await documentsOf(store).sweep(); // it might be under way
    expect(await leftovers()).to.equal(3); // a note and two pieces
    now += HOUR_MS;
    await documentsOf(store).put({ ...KEY, sort: 'another' }, OTHER);
    expect(await leftovers()).to.equal(2);
  });

  it('are never read as a mixture while they change', async () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const slow: Store = {
      ...store,
      get: (...args) => turn().then(() => store.get(...args)),
      put: (...args) => turn().then(() => store.put(...args)),
      list: (...args) => turn().then(() => store.list(...args)),
    };
    const documents = documentsOf(slow);
    const values = [LARGE, OTHER, SMALL];
    await documents.put(KEY, LARGE);
    const writes = Array.from({ length: 12 }, (_, i) => documents.put(KEY, values[i % 3]));
    let writing = true;
    const all = Promise.all(writes).finally(() => {
      writing = false;
    });
    let reads = 0;
    while (writing) {
      const { value } = (await documents.get(KEY)) ?? {};
      expect(values.some((it) => it.text === (value as typeof SMALL).text)).to.equal(true);
      reads += 1;
    }
    await all;
    expect(reads).to.be.above(1);
    await documents.put(KEY, SMALL);
    expect(await leftovers()).to.equal(0);
  });

  it('are whole after their process was killed in the middle', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webtask-documents-'));
    const child = spawn(process.execPath, [...FROM_SOURCE, WRITER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    let acknowledged = -1;
    child.stdout.on('data', (chunk) => {
      acknowledged = Number(String(chunk).trim().split('\n').at(-1));
      if (acknowledged >= 10) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const embedded = await openStore(folder, {});
    const { value } = (await createDocuments(embedded).get(KEY)) ?? {};
    const { n, text } = value as { n: number; text: string };
    expect(n).to.be.within(acknowledged, acknowledged + 1);
    expect(text === String(n % 10).repeat(450_000)).to.equal(true);
    await embedded.close();
    rmSync(folder, { recursive: true, force: true });
  }).timeout(60_000);
});

async function refuse(): Promise<never> {
  throw new Error('killed');
}
