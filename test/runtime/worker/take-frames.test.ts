import { expect } from 'chai';
import type { WebtaskError } from '../../../runtime/errors.ts';
import { keepByNumber } from '../../../runtime/worker/by-number.ts';
import type { Frame, FrameType } from '../../../runtime/worker/frame.ts';
import { readLimits } from '../../../runtime/worker/limits/limits.ts';
import { createTaker, type Running, type RunsState, type Taker } from '../../../runtime/worker/take-frames.ts';

describe('what a server takes of a worker', () => {
  let state: RunsState;
  let taker: Taker;
  let breaches: string[];
  let printed: string[];
  let unread: number;
  const take = (type: FrameType, id: number, head: string, bytes = ''): void =>
    taker.take({ type, id, last: false, head, bytes: Buffer.from(bytes) } satisfies Frame);

  beforeEach(() => {
    breaches = [];
    printed = [];
    unread = 0;
    state = { running: keepByNumber(), runnables: new Map(), issuers: new Map(), container: 'dev', count: 2 };
    const onMessage = (text: string): void => void printed.push(text);
    const running: Running = {
      name: 'dev',
      options: { requestId: 'r', urlFormat: 1, onMessage },
      request: undefined,
      onReply: () => undefined,
      onError: () => undefined,
      bytes: 0,
    };
    state.running.set(2, running);
    taker = createTaker(state, readLimits({ WEBTASK_LIMIT_OUTPUT_BYTES: '100000' }), {
      sendTaken: () => undefined,
      sendResult: () => undefined,
      unread: () => unread,
      onPrinted: () => undefined,
      onBreach: (error: WebtaskError) => void breaches.push(error.code),
      onReady: () => undefined,
      onPong: () => undefined,
      onUnfit: () => undefined,
      finish: (id) => void state.running.delete(id),
      abort: () => undefined,
    });
  });

  it('leaves a request open whose end cannot be understood, so that the end of the worker is its answer', () => {
    for (const head of ['', 'null', '{"code":"COMPILE_NOT_A_FUNCTION","fields":{"exported":{"toString":1}}}']) {
      expect(() => take('broken', 2, head), head).to.throw();
      expect(state.running.get(2)).to.include({ name: 'dev' });
    }
  });

  it('is one answer to each request', () => {
    take('reply', 2, '200\n0\nwebtask\nOK', 'begun');
    expect(() => take('reply', 2, '200\n0\nwebtask\nOK', 'once more')).to.throw('a request was answered twice');
  });

  it('is a body only behind its head', () => {
    expect(() => take('data', 2, '', 'x')).to.throw('a body came before its head');
  });

  it('is once that it is ready, and nothing else of one that belongs to nobody yet', () => {
    Object.assign(state, { count: 0, container: '' });
    for (const type of ['pong', 'unfit', 'call', 'message', 'usage'] as const) {
      expect(() => take(type, 0, '{}'), type).to.throw(`nobody asked for ${type} 0`);
    }
    take('ready', 0, '');
    expect(() => take('ready', 0, '')).to.throw('nobody asked for ready 0');
  });

  it('is not asked for without end: 64 MiB in ten seconds', () => {
    const call = `{"of":1,"what":"document"}${' '.repeat(4 << 20)}`;
    for (let i = 0; i < 7; i += 1) take('call', i, call);
    expect(() => {
      for (let i = 0; i < 9; i += 1) take('call', i, call);
    }).to.throw('it asks for too much');
  });

  it('asks for nothing more while 64 MiB wait that it was given and has not read', () => {
    const call = '{"of":1,"what":"document"}';
    unread = 64 << 20;
    take('call', 1, call);
    unread += 1;
    expect(() => take('call', 2, call)).to.throw('it reads no results');
  });

  it('counts lines, since each is one for whoever reads them', () => {
    take('message', 2, '{"of":1,"level":30}', 'x'.repeat(1000));
    expect(breaches).to.deep.equal([]);
    take('message', 2, '{"of":1,"level":30}', '\n'.repeat(1000));
    expect([breaches, printed.length]).to.deep.equal([['RUN_OUTPUT_EXCEEDED'], 1]);
  });

  it('drops what is printed after all was forgotten that it runs, and counts it', () => {
    state.running.clear();
    expect(taker.print('sk_live_0815')).to.equal(true);
    expect(taker.print('x'.repeat(100_000))).to.equal(true);
    expect([breaches, printed]).to.deep.equal([['RUN_OUTPUT_EXCEEDED'], []]);
  });
});
