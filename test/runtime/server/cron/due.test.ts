import { expect } from 'chai';
import type { Store } from '../../../../runtime/store/index.ts';
import { createMemoryStore } from '../../../../runtime/store/memory.ts';
import { cronBed } from '../../../support/cron.ts';

describe('looking for the cron jobs that are due', () => {
  const memory = createMemoryStore();
  const asked: string[] = [];
  let read = 0;
  const store: Store = {
    ...memory,
    async list(partition, options) {
      asked.push(partition);
      const items = await memory.list(partition, options);
      read += items.length;
      return items;
    },
  };

  it('asks for the buckets of the minutes that have come, and reads the notes in them, however many jobs there are', async () => {
    const bed = cronBed(store);
    const server = bed.server('a');
    for (let i = 0; i < 50; i++) {
      await server.jobs.put(
        { container: 'dev', name: `later-${i}` },
        { schedule: `${10 + i} 11 * * *` },
        { token: 'a.b.c' },
      );
    }
    for (const name of ['one', 'two', 'three']) {
      await server.jobs.put({ container: 'dev', name }, { schedule: '5 10 * * *' }, { token: 'a.b.c' });
    }
    asked.length = 0;
    read = 0;
    bed.at('10:05');
    await server.tick();
    expect([...bed.runs].sort()).to.deep.equal(['a one 10:05', 'a three 10:05', 'a two 10:05']);
    const minute = Date.parse('2026-11-23T10:05Z') / 60_000;
    const buckets = [0, 1, 2, 3].map((shard) => `cron-due/${minute}/${shard}`);
    expect(new Set(asked)).to.deep.equal(new Set(['cron-minutes', ...buckets]));
    expect(read, 'notes of this minute, and minutes that have any').to.be.below(3 + 60);
    expect(bed.errors).to.deep.equal([]);
  });
});
