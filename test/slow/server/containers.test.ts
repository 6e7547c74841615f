import { expect } from 'chai';
import { readProcessTree } from '../../../runtime/worker/limits/process-tree.ts';
import { childrenOf } from '../../bench/support/memory-of.ts';
import { commandOf, MODES } from '../../support/attacked.ts';
import { skipUnlessShutIn } from '../../support/isolation.ts';
import { type Answer, CLUSTER, run, startTestServer, type TestServer } from '../../support/server.ts';
import { storeSettings } from '../../support/table.ts';

const CONTAINERS = 1000;
/** As many as there are by default, and the one that is started ahead. */
const WORKERS = 50;

/** Says whose it is, and whether anybody was in its process before. */
const CODE = `global.runs = (global.runs || 0) + 1;
  module.exports = (ctx, cb) => cb(null, { container: ctx.query.container, runs: global.runs });`;

for (const mode of MODES) {
  describe(`a thousand containers in turn over ${WORKERS} workers (${mode})`, function () {
    this.timeout(1_800_000);
    let server: TestServer;
    before(async function () {
      if (mode === 'sandbox') skipUnlessShutIn(this);
      const env = { ...CLUSTER, ...(await storeSettings()), WEBTASK_WORKERS: String(WORKERS) };
      server = await startTestServer(30_000, { isolation: mode, env });
    });

    it('are all answered, each by a process that was nobody else’s, and leave none', async () => {
      const ask = (n: number): Promise<Answer> => {
        const question = { container: `turn-${n}`, method: 'POST', body: CODE, query: `?container=turn-${n}` };
        return run(server, server.sign({ ten: question.container }), question);
      };
      const wrong: unknown[] = [];
      let most = 0;
      for (let n = 0; n < CONTAINERS; n += 1) {
        const { status, body } = await ask(n);
        if (body !== JSON.stringify({ container: `turn-${n}`, runs: 1 })) wrong.push({ n, status, body });
        if (n % 50 === 0) most = Math.max(most, workersHere());
      }
      expect(wrong.slice(0, 3)).to.deep.equal([]);
      expect(most).to.be.within(WORKERS / 2, WORKERS + 1);
      await server.close();
      expect([
        server.errors,
        readProcessTree(process.pid)?.pids.map(String).map(commandOf).filter(isWorker),
      ]).to.deep.equal([[], []]);
    });
  });
}

function workersHere(): number {
  return childrenOf(process.pid).map(String).map(commandOf).filter(isWorker).length;
}

function isWorker(command: string): boolean {
  return /\/worker[^/ ]*\.cjs/.test(command);
}
