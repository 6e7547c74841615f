import { expect } from 'chai';
import { skipUnlessShutIn } from '../../../support/isolation.ts';
import { type Answer, CLUSTER, run, startTestServer, type TestServer } from '../../../support/server.ts';
import { storeSettings } from '../../../support/table.ts';

/** Of one container so many requests may wait for a worker. */
const MAY_WAIT = 500;
const TOO_MANY = 20;

for (const isolation of ['process', 'sandbox'] as const) {
  describe(`a container for which there is no worker (${isolation})`, function () {
    this.timeout(60_000);
    let server: TestServer;
    before(async function () {
      if (isolation === 'sandbox') skipUnlessShutIn(this);
      const env = { ...CLUSTER, ...(await storeSettings()), WEBTASK_WORKERS: '1' };
      server = await startTestServer(30_000, { isolation, env });
    });
    after(() => server?.close());

    const ask = (container: string, code: string): Promise<Answer> =>
      run(server, server.sign({ ten: container }), { method: 'POST', body: code, container });

    it('waits; of more than may wait, each is told at once when to come again, and is not run', async () => {
      const held = ask('first', 'return cb => { global.release = () => cb(null, "held"); console.log("has it"); };');
      await server.printed('first | has it');
      const refused: Answer[] = [];
      const waiting = Array.from({ length: MAY_WAIT + TOO_MANY }, async () => {
        const answer = await ask('second', 'return cb => { global.runs = (global.runs || 0) + 1; cb(); };');
        if (answer.status === 503 && refused.push(answer) === TOO_MANY) {
          await ask('first', 'return cb => { global.release(); cb(); };');
        }
        return answer.status;
      });
      const statuses = await Promise.all(waiting);
      expect((await held).body).to.equal('"held"');
      expect(statuses.filter((it) => it === 200).length).to.equal(MAY_WAIT);
      expect((await ask('second', 'return cb => cb(null, global.runs);')).body).to.equal(String(MAY_WAIT));
      for (const { status, headers, body } of refused) {
        expect([status, headers['retry-after'], headers['x-wt-response-source']]).to.deep.equal([503, '1', 'proxy']);
        expect(JSON.parse(body)).to.include({
          message: 'All 1 workers are busy, and enough requests wait for one.',
        });
      }
    });
  });
}
