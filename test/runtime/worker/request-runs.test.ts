import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { expect } from 'chai';
import { createFrameWriter } from '../../../runtime/worker/frame-writer.ts';
import { readLimits } from '../../../runtime/worker/limits/limits.ts';
import { requestRuns } from '../../../runtime/worker/request-runs.ts';
import { runnable } from '../../support/worker.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a worker that prints a lot', () => {
  it('is read in turns, so that others are answered between them', async () => {
    const [server, worker] = duplexPair();
    const events = { onBroken: () => undefined, onClosed: () => undefined, onIdle: () => undefined };
    const runs = requestRuns(server, readLimits({}), events);
    const request = { method: 'GET', url: '/', rawHeaders: [] };
    let shown = 0;
    const onMessage = (): void => {
      shown += 1;
    };
    runs.run(runnable(''), request, { requestId: '1', urlFormat: 1, onMessage }).catch(() => undefined);
    await once(worker, 'readable'); // the definition, which is 1, and the request, which is 2
    const frames = createFrameWriter();
    for (let i = 0; i < 8; i++) frames.add('message', 2, false, '{"of":1,"level":30}', Buffer.alloc(60_000, 'x'));
    for (const piece of frames.take()) worker.write(piece);
    const perTurn: number[] = [];
    for (let before = shown; shown < 8; before = shown) {
      await turn();
      perTurn.push(shown - before);
    }
    expect(Math.max(...perTurn)).to.equal(2);
    runs.end('the test is over');
    server.destroy();
  });
});
