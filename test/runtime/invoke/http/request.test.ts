import type { IncomingMessage } from 'node:http';
import { finished, PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import { openExchange } from '../../../../runtime/invoke/http/index.ts';
import { type Conversation, overBoth, said } from '../../../support/both-transports.ts';

/** What a handler notes, over a real server and over the stand-in alike. */
async function noted(conversation: Conversation): Promise<readonly unknown[]> {
  return (await overBoth(conversation)).handler;
}

const AFTER_THE_END = ['res prefinish', 'res finish', 'res close'];

describe('the head of a request', () => {
  it('has method, URL and version as they were sent', async () => {
    const facts = await noted({
      method: 'DELETE',
      url: '//a/../b?x=%20&x=2#no',
      handle(req, res, note) {
        note([req.method, req.url, req.httpVersion, req.httpVersionMajor, req.httpVersionMinor]);
        note([req.statusCode, req.statusMessage, req.aborted, req.trailers, req.rawTrailers]);
        res.end();
      },
    });
    expect(facts[0]).to.deep.equal(['DELETE', '//a/../b?x=%20&x=2#no', '1.1', 1, 1]);
  });

  it('has headers that repeat by the rules of each name', async () => {
    const facts = await noted({
      headers: [
        ...['X-A', '1', 'x-a', '2', 'Cookie', 'a=1', 'cookie', 'b=2', 'Set-Cookie', 'c=3', 'set-cookie', 'd=4'],
        ...['User-Agent', 'first', 'user-agent', 'second', 'X-Empty', '', '__proto__', 'x'],
      ],
      handle(req, res, note) {
        note([req.headers, req.rawHeaders, req.headersDistinct, Object.keys(req.headers)]);
        res.end();
      },
    });
    const [headers, rawHeaders] = facts[0] as [Record<string, unknown>, string[]];
    expect(headers).to.include({ 'x-a': '1, 2', cookie: 'a=1; b=2', 'user-agent': 'first', 'x-empty': '' });
    expect(headers['set-cookie']).to.deep.equal(['c=3', 'd=4']);
    expect(rawHeaders.slice(0, 6)).to.deep.equal(['Host', 'here.test', 'X-A', '1', 'x-a', '2']);
  });

  it('may be changed by the webtask without harm to anybody else', async () => {
    const rawHeaders = Object.freeze(['Host', 'here.test']) as string[];
    const { req } = openExchange({ method: 'GET', url: '/', rawHeaders });
    req.rawHeaders.push('X-A', '1');
    req.headers['x-b'] = '2';
    expect(rawHeaders).to.deep.equal(['Host', 'here.test']);
  });
});

describe('the body of a request', () => {
  const collect: Conversation['handle'] = (req, res, note) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => {
      note([Buffer.concat(chunks).toString(), chunks.every(Buffer.isBuffer), req.complete]);
      res.end();
    });
  };

  it('comes as buffers and ends, with or without a length', async () => {
    for (const body of ['höi', ['h', 'ö', 'i'], 'x'.repeat(300_000), ['x'.repeat(300_000), 'y'.repeat(300_000)]]) {
      const sent = typeof body === 'string' ? body : body.join('');
      expect(await noted({ method: 'POST', body, handle: collect })).to.deep.equal([
        'req end',
        [sent, true, true],
        ...AFTER_THE_END,
        'req close',
      ]);
    }
  });

  it('ends at once where there is none', async () => {
    for (const body of [undefined, '', []]) {
      expect(await noted({ method: 'POST', ...(body !== undefined && { body }), handle: collect })).to.include(
        'req end',
      );
    }
  });

  it('may be text', async () => {
    const facts = await noted({
      method: 'POST',
      body: ['a', 'é'],
      handle(req, res, note) {
        let all = '';
        req.setEncoding('utf8').on('data', (piece) => {
          all += piece;
        });
        req.on('end', () => {
          note([all, req.readableEncoding]);
          res.end();
        });
      },
    });
    expect(facts).to.deep.include(['aé', 'utf8']);
  });

  it('may be iterated', async () => {
    const { client } = await overBoth({
      method: 'POST',
      body: ['a', 'b', 'c'],
      async handle(req, res) {
        let all = '';
        for await (const piece of req) all += piece;
        res.end(all);
      },
    });
    expect(client.body).to.equal('abc');
  });

  it('may be consumed by what Node has for it', async () => {
    for (const consume of [text, async (req: IncomingMessage) => String(await buffer(req))]) {
      const { client } = await overBoth({
        method: 'POST',
        body: 'abc',
        handle: async (req, res) => void res.end(await consume(req)),
      });
      expect(client.body).to.equal('abc');
    }
  });

  it('may be read by hand', async () => {
    const { client } = await overBoth({
      method: 'POST',
      body: 'abc',
      handle(req, res) {
        let all = '';
        req.on('readable', () => {
          for (let piece = req.read(); piece !== null; piece = req.read()) all += piece;
        });
        req.on('end', () => res.end(all));
      },
    });
    expect(client.body).to.equal('abc');
  });

  it('may be read late', async () => {
    const { client } = await overBoth({
      method: 'POST',
      body: ['a', 'b'],
      handle: (req, res) => void setImmediate(() => setImmediate(() => req.pipe(res))),
    });
    expect(client.body).to.equal('ab');
  });

  it('comes while the answer is under way', async () => {
    const facts = await noted({
      method: 'POST',
      body: 'by hand',
      handle(req, res, note, caller) {
        res.write('started');
        caller.send('one');
        req.on('data', (piece) => {
          note(String(piece));
          if (String(piece) === 'one') caller.send('two');
          else caller.endBody();
        });
        req.on('end', () => res.end());
      },
    });
    expect(facts.slice(0, 3)).to.deep.equal(['one', 'two', 'req end']);
  });

  it('waits while the webtask has paused it', async () => {
    const facts = await noted({
      method: 'POST',
      body: 'by hand',
      handle(req, res, note, caller) {
        req.once('data', (piece) => {
          note(String(piece));
          req.pause();
          caller.send('two');
          setImmediate(() => {
            note(req.isPaused());
            req.once('data', (more) => {
              note(String(more));
              caller.endBody();
            });
            req.resume();
          });
        });
        req.on('end', () => res.end());
        caller.send('one');
      },
    });
    expect(facts.slice(0, 4)).to.deep.equal(['one', true, 'two', 'req end']);
  });

  it('is read from its source only as fast as the webtask reads', async () => {
    let made = 0;
    const piece = Buffer.alloc(64 * 1024);
    const source = new Readable({
      read() {
        made += 1;
        this.push(made > 100 ? null : piece);
      },
    });
    const { req } = openExchange({ method: 'POST', url: '/', rawHeaders: [], body: source });
    let read = 0;
    req.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    await new Promise<void>((resolve) => req.once('data', () => resolve(void req.pause())));
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(made).to.be.below(10);
    req.resume();
    await new Promise((resolve) => req.once('end', resolve));
    expect(read).to.equal(100 * piece.length);
  });

  it('that breaks off closes the connection', async () => {
    for (const error of [undefined, new Error('broke')]) {
      const source = new PassThrough();
      const { req, res, reply } = openExchange({ method: 'POST', url: '/', rawHeaders: [], body: source });
      const seen = new Promise((resolve) => req.once('error', resolve));
      const closed = new Promise((resolve) => res.once('close', resolve));
      req.once('data', () => source.destroy(error));
      source.write('half');
      expect(await seen).to.include({ code: 'ECONNRESET', message: 'aborted' });
      await closed;
      expect([req.aborted, req.complete, await reply]).to.deep.equal([true, false, undefined]);
    }
  });

  it('that nobody reads does not keep the answer back', async () => {
    const { client, handler } = await overBoth({
      method: 'POST',
      body: 'x'.repeat(300_000),
      handle: (_req, res) => res.end('done'),
    });
    expect(client).to.deep.include({ body: 'done', outcome: 'end' });
    expect(handler.slice(0, 3)).to.deep.equal(AFTER_THE_END);
  });

  it('that is listened to still comes after the answer, and one that is not is dropped', async () => {
    for (const isListenedTo of [true, false]) {
      const source = new PassThrough();
      const { req, res } = openExchange({ method: 'POST', url: '/', rawHeaders: [], body: source });
      const seen: string[] = [];
      const ended = new Promise((resolve) => req.once('end', resolve));
      const closed = new Promise((resolve) => res.once('close', resolve));
      res.end();
      if (isListenedTo) req.on('data', (piece) => seen.push(String(piece)));
      await closed;
      source.end('late');
      await ended;
      expect(seen).to.deep.equal(isListenedTo ? ['late'] : []);
    }
  });

  it('may be watched until it has ended', async () => {
    const facts = await noted({
      method: 'POST',
      body: 'abc',
      handle(req, res, note) {
        finished(req, (error) => {
          note(error ?? 'finished');
          res.end();
        });
        req.resume();
      },
    });
    expect(facts).to.include('finished');
  });

  it('is told apart from one that did not arrive whole', async () => {
    const facts = await noted({
      method: 'POST',
      body: 'by hand',
      async handle(req, _res, note, caller) {
        caller.send('one');
        try {
          for await (const piece of req) {
            note(String(piece));
            caller.leave();
          }
        } catch (error) {
          note([said(error), req.complete, req.aborted, req.destroyed]);
        }
      },
    });
    expect(facts).to.deep.equal([
      'one',
      'req aborted',
      'res close',
      'req close',
      ['ECONNRESET: aborted', false, true, true],
    ]);
  });
});
