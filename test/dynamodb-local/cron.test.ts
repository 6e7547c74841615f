import { expect } from 'chai';
import { createClient } from '../../runtime/store/client.ts';
import { createDynamoDBStore, type Store } from '../../runtime/store/index.ts';
import { cronBed, VALID } from '../support/cron.ts';
import { newTable } from '../support/table.ts';

describe('servers over one table of DynamoDB Local', function () {
  this.timeout(60_000);
  let store: Store;
  before(async () => {
    store = await createDynamoDBStore(await createClient(), await newTable());
  });
  after(() => store.close());

  it('run each time of each cron job once', async () => {
    const bed = cronBed(store);
    const servers = ['a', 'b', 'c'].map((name) => bed.server(name));
    const names = Array.from({ length: 5 }, (_, i) => `job-${i}`);
    for (const name of names) await servers[0]?.jobs.put({ container: 'dev', name }, { schedule: '* * * * *' }, VALID);
    const clocks = ['10:01', '10:02', '10:03', '10:04'];
    for (const clock of clocks) {
      bed.at(clock);
      await Promise.all(servers.map((server) => server.tick()));
    }
    const wanted = clocks.flatMap((clock) => names.map((name) => `${name} ${clock}`));
    expect(bed.runs.map((run) => run.slice(2)).sort()).to.deep.equal(wanted.sort());
    expect(bed.errors).to.deep.equal([]);
  });
});
