import { expect } from 'chai';
import { warmUp } from '../../../runtime/worker/warm-up.worker.ts';
import { answerOf, runnable, useWorker } from '../../support/worker.ts';

/** What a webtask can see of what its process has done before. */
const LOOK = `module.exports = cb => cb(null, {
  modules: Object.keys(require.cache).length,
  resources: [...new Set(process.getActiveResourcesInfo())],
  printed: process.stdout.bytesWritten,
  rejections: process.listenerCount('unhandledRejection'),
  exits: process.listenerCount('exit'),
  warm: Object.getOwnPropertyNames(globalThis).filter((name) => /warm/i.test(name)),
});`;

describe('the warm-up of a worker', () => {
  it('goes the whole way of a run, so that nothing of it is left to load for the first container', async () => {
    expect(await warmUp()).to.deep.equal(['ready ', 'reply {"path":"warm-up"}']);
  });

  for (const mode of ['process', 'sandbox'] as const) {
    describe(`in a worker (${mode})`, () => {
      const its = useWorker(mode);

      it('leaves nothing that a webtask could see', async () => {
        expect(JSON.parse((await answerOf(its.worker, runnable(LOOK))).body)).to.deep.equal({
          modules: 1, // its program
          resources: ['PipeWrap'],
          printed: 0,
          rejections: 1,
          exits: 0,
          warm: [],
        });
      });
    });
  }
});
