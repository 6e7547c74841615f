import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { expect } from 'chai';
import { createDecoder } from '../../../runtime/worker/decode.ts';
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

describe('a request whose body is there already', () => {
  it('goes to its worker in one frame, its code before it and once', async () => {
    const [server, worker] = duplexPair();
    const events = { onBroken: () => undefined, onClosed: () => undefined, onIdle: () => undefined };
    const runs = requestRuns(server, readLimits({}), events);
    const frames: string[] = [];
    const decode = createDecoder('server', ({ type, id, last, bytes }) => {
      frames.push(`${type} ${id}${last ? ' last' : ''}: ${bytes}`);
    });
    worker.on('data', decode);
    const it = runnable('code');
    for (const text of ['{"a":1}', '']) {
      const body = new IncomingMessage(new Socket());
      if (text !== '') body.push(text);
      body.push(null);
      body.complete = true;
      const request = { method: 'POST', url: '/', rawHeaders: [], body: text === '' ? text : body };
      const options = { requestId: '1', urlFormat: 1, onMessage: () => undefined } as const;
      runs.run(it, request, options).catch(() => undefined);
    }
    while (frames.length < 3) await turn();
    expect(frames).to.deep.equal(['define 1: code', 'run 2 last: {"a":1}', 'run 3 last: ']);
    runs.end('the test is over');
    server.destroy();
  });
});
