import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openStore } from '../../../runtime/store/index.ts';

type Write = (...args: unknown[]) => Promise<void>;

describe('the files of the embedded store', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('are told to be on the disk before a write is acknowledged, so that a power cut loses none', async () => {
    const require = createRequire(createRequire(import.meta.url).resolve('dynalite'));
    const { prototype } = require('level').Level as { prototype: Record<'_put' | '_del', Write> };
    const original = { put: prototype._put, del: prototype._del };
    const seen: string[] = [];
    const noting = (name: string, write: Write): Write =>
      function (this: unknown, ...args) {
        seen.push(`${name} ${(args.at(-1) as { sync?: boolean }).sync}`);
        return write.apply(this, args);
      };
    prototype._put = noting('put', original.put);
    prototype._del = noting('del', original.del);
    try {
      const store = await openStore(folder, {});
      seen.length = 0;
      await store.put({ partition: 'p', sort: 'a' }, 1);
      await store.remove({ partition: 'p', sort: 'a' });
      await store.close();
      expect(seen).to.deep.equal(['put true', 'del true']);
    } finally {
      prototype._put = original.put;
      prototype._del = original.del;
    }
  });
});
