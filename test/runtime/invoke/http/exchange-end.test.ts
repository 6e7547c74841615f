import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { finished, PassThrough } from 'node:stream';
import { expect } from 'chai';
import { openExchange } from '../../../../runtime/invoke/http/index.ts';
import { type Conversation, overBoth, said } from '../../../support/both-transports.ts';

/** More than any buffer on the way holds. */
const BIG = 8 * 1024 * 1024;

describe('a caller that leaves', () => {
  const state = ({ destroyed, closed, writableEnded, writableFinished }: ServerResponse) => [
    destroyed,
    closed,
    writableEnded,
    writableFinished,
  ];

  it('is noticed by the request first and then by the response', async () => {
    const { handler, client } = await overBoth({
      handle(req, res, note, caller) {
        req.on('error', (error) => note(said(error)));
        req.on('aborted', () => note([req.aborted, req.destroyed, req.complete]));
        res.on('close', () => note(state(res)));
        setImmediate(() => caller.leave());
      },
    });
    expect(client).to.deep.equal({ outcome: 'no answer' });
    expect(handler).to.deep.equal([
      'req aborted',
      [true, true, true],
      'res close',
      [true, true, false, false],
      'ECONNRESET: aborted',
      'req close',
    ]);
  });

  it('is noticed by the response alone where the request was read', async () => {
    const { handler } = await overBoth({
      method: 'POST',
      body: 'abc',
      handle(req, _res, _note, caller) {
        req.resume().on('close', () => caller.leave());
      },
    });
    expect(handler).to.deep.equal(['req end', 'req close', 'res close']);
  });

  it('is noticed in the midst of an answer', async () => {
    const { handler, client } = await overBoth({
      handle(_req, res, note, caller) {
        res.writeHead(200, { 'Content-Length': '10' }).write('half');
        setImmediate(() => setImmediate(() => setImmediate(() => caller.leave())));
        res.on('close', () => {
          note(res.write('more', (error) => note(error && said(error))));
          res.end();
          note([res.destroyed, res.closed, res.writableEnded]);
        });
      },
    });
    expect(client).to.include({ status: 200, body: 'half', outcome: 'cut off' });
    expect(handler).to.deep.equal([
      'req aborted',
      'res close',
      false,
      'res prefinish',
      [true, true, true],
      'ERR_STREAM_DESTROYED: Cannot call write after a stream was destroyed',
      'res finish',
      'req close',
    ]);
  });

  it('is noticed by who watches the response', async () => {
    const { handler } = await overBoth({
      handle(_req, res, note, caller) {
        finished(res, (error) => note(error && said(error)));
        setImmediate(() => caller.leave());
      },
    });
    expect(handler).to.include('ERR_STREAM_PREMATURE_CLOSE: Premature close');
  });

  it('may have left before the exchange was opened', async () => {
    const { res, reply } = openExchange({ method: 'GET', url: '/', rawHeaders: [], signal: AbortSignal.abort() });
    const closed = new Promise((resolve) => res.once('close', resolve));
    res.end('too late');
    expect(await reply).to.equal(undefined);
    await closed;
  });

  it('may leave by the signal of its request, which is let go of afterwards', async () => {
    const left = new AbortController();
    const { res, reply } = openExchange({ method: 'GET', url: '/', rawHeaders: [], signal: left.signal });
    left.abort();
    expect(await reply).to.equal(undefined);
    expect(res.closed).to.equal(true);
    expect(getEventListeners(left.signal, 'abort')).to.deep.equal([]);
  });

  it('is not who has read the whole answer, whose connection stays', async () => {
    const { signal } = new AbortController();
    const { req, res, reply } = openExchange({ method: 'GET', url: '/', rawHeaders: [], signal });
    res.end('hello');
    const body = (await reply)?.body.resume() ?? expect.fail('no answer');
    await new Promise((resolve) => body.once('close', resolve));
    expect([res.closed, req.socket.destroyed, getEventListeners(signal, 'abort')]).to.deep.equal([true, false, []]);
  });

  it('may leave by not reading on', async () => {
    const { res, reply } = openExchange({ method: 'GET', url: '/', rawHeaders: [] });
    res.write('half');
    const closed = new Promise((resolve) => res.once('close', resolve));
    (await reply)?.body.destroy();
    await closed;
    expect(state(res)).to.deep.equal([true, true, false, false]);
  });
});

describe('a webtask that leaves', () => {
  const ways: [string, Conversation['handle']][] = [
    ['res.destroy()', (_req, res) => res.destroy()],
    ['req.destroy()', (req) => req.destroy()],
    ['req.socket.destroy()', (req) => req.socket.destroy()],
    ['req.socket.end()', (req) => req.socket.end()],
    ['req.socket.destroySoon()', (req) => req.socket.destroySoon()],
  ];
  for (const [what, leave] of ways) {
    it(`gives no answer: ${what}`, async () => {
      const { client, handler } = await overBoth({ handle: leave });
      expect(client).to.deep.equal({ outcome: 'no answer' });
      expect(handler).to.have.members(['req aborted', 'req close', 'res close']);
    });

    it(`cuts its answer off: ${what}`, async () => {
      const { client } = await overBoth({
        handle(req, res, note, caller) {
          res.writeHead(200, { 'Content-Length': '10' }).write('half');
          setImmediate(() => setImmediate(() => leave(req, res, note, caller)));
        },
      });
      expect(client).to.include({ status: 200, body: 'half', outcome: 'cut off' });
    });
  }

  it('cannot answer any more', async () => {
    const { client, handler } = await overBoth({
      handle(_req, res) {
        res.destroy();
        res.end('too late');
      },
    });
    expect(client).to.deep.equal({ outcome: 'no answer' });
    expect(handler).not.to.include('res finish');
  });

  it('says why', async () => {
    const { handler } = await overBoth({
      handle(req, res, note) {
        req.on('error', (error) => note(said(error)));
        req.socket.on('error', (error) => note(`socket ${error.message}`));
        res.on('error', (error) => note(`res ${error.message}`));
        res.destroy(new Error('why'));
        note(res.errored?.message);
      },
    });
    expect(handler).to.include('why').and.to.include('socket why');
  });
});

describe('whose events they are', () => {
  const runs = new AsyncLocalStorage<string>();

  it('stays the same, whoever sends the body, reads the answer or leaves', async () => {
    const seen: unknown[] = [];
    const source = new PassThrough();
    const signal = new AbortController();
    const { req, res, reply } = runs.run('webtask', () =>
      openExchange({ method: 'POST', url: '/', rawHeaders: [], body: source, signal: signal.signal }),
    );
    const note = (what: string) => seen.push([what, runs.getStore()]);
    const left = new Promise((resolve) => res.once('close', resolve));
    runs.run('webtask', () => {
      req.once('data', () => note('data')).once('end', () => note('end'));
      res.once('drain', () => note('drain')).once('close', () => note('close'));
      res.write(Buffer.alloc(BIG));
    });
    await runs.run('caller', async () => {
      source.end('body');
      const body = (await reply)?.body ?? expect.fail('no answer');
      await new Promise((resolve) => body.once('data', resolve));
      await new Promise((resolve) => setImmediate(resolve));
      signal.abort();
    });
    await left;
    expect(seen).to.have.deep.members([
      ['data', 'webtask'],
      ['end', 'webtask'],
      ['drain', 'webtask'],
      ['close', 'webtask'],
    ]);
  });
});
