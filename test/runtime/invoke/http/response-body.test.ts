import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import { attempt, type ClientView, type Conversation, overBoth, said } from '../../../support/both-transports.ts';

type Handle = Conversation['handle'];

/** What a client gets of a handler, over a real server and over the stand-in alike. */
async function answerTo(handle: Handle, method = 'GET'): Promise<ClientView> {
  return (await overBoth({ method, handle })).client;
}

/** What a handler notes, over both alike, the events of request and response left out. */
async function noted(handle: Handle, method = 'GET'): Promise<unknown[]> {
  const { handler } = await overBoth({ method, handle });
  return handler.filter((fact) => typeof fact !== 'string' || !/^(req|res) \w+$/.test(fact));
}

describe('a body that may not be', () => {
  const write: Handle = (_req, res) => void [res.write('a'), res.end('b')];

  it('is left out of the answer to HEAD', async () => {
    expect(await answerTo(write, 'HEAD')).to.include({ status: 200, body: '' });
    expect(await answerTo((_req, res) => res.end('hello'), 'HEAD')).to.deep.include({ body: '', outcome: 'end' });
    await answerTo((_req, res) => res.end(), 'HEAD');
  });

  it('keeps the length that HEAD was told', async () => {
    const { headers } = await answerTo((_req, res) => res.setHeader('Content-Length', 5).end('hello'), 'HEAD');
    expect(headers).to.deep.equal([['Content-Length', '5']]);
  });

  for (const status of [204, 304]) {
    it(`is left out of ${status}`, async () => {
      const answer = await answerTo((_req, res) => res.writeHead(status).end('hello'));
      expect(answer).to.deep.include({ status, headers: [], body: '' });
      await answerTo((_req, res) => void [Object.assign(res, { statusCode: status }).write('a'), res.end()]);
      await answerTo((_req, res) => Object.assign(res, { statusCode: status }).end());
    });
  }

  it('is left out of 204 with chunks, which Node does not send', async () => {
    await answerTo((_req, res) => res.writeHead(204, { 'Transfer-Encoding': 'chunked' }).end());
  });
});

describe('the length of an answer', () => {
  it('is known where end() is alone, in bytes', async () => {
    expect((await answerTo((_req, res) => res.end('é'))).headers).to.deep.equal([['Content-Length', '2']]);
    expect((await answerTo((_req, res) => res.end('e9', 'hex'))).headers).to.deep.equal([['Content-Length', '1']]);
    expect((await answerTo((_req, res) => res.end(Buffer.alloc(3)))).headers).to.deep.equal([['Content-Length', '3']]);
  });

  it('is not told where the head is already out', async () => {
    expect((await answerTo((_req, res) => res.writeHead(200).end('hello'))).headers).to.deep.equal([]);
  });

  it('is not told where the webtask took it away', async () => {
    const answer = await answerTo((_req, res) => {
      res.removeHeader('Content-Length');
      res.end('hello');
    });
    expect(answer).to.deep.include({ headers: [], body: 'hello' });
  });

  it('is what the webtask said', async () => {
    const answer = await answerTo((_req, res) => {
      res.writeHead(200, { 'content-length': '4' });
      res.write('ab');
      res.end('cd');
    });
    expect(answer).to.deep.include({ headers: [['content-length', '4']], body: 'abcd' });
  });

  it('is left to the connection where the webtask asks for chunks', async () => {
    const answer = await answerTo((_req, res) => res.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end('hello'));
    expect(answer).to.deep.include({ headers: [], body: 'hello' });
  });

  for (const [what, mistake] of [
    ['more than it said', (res) => res.write('abcdef')],
    ['more in two pieces', (res) => void [res.write('abc'), res.write('def')]],
    ['less than it said', (res) => res.end('abc')],
    ['nothing of it', (res) => res.end()],
  ] satisfies [string, (res: ServerResponse) => unknown][]) {
    it(`is held to where the webtask is strict: ${what}`, async () => {
      const facts = await noted((_req, res, note) => {
        res.strictContentLength = true;
        res.setHeader('Content-Length', 5).flushHeaders();
        note(attempt(() => mistake(res)));
        setImmediate(() => res.destroy());
      });
      expect(facts[0]).to.match(/^ERR_HTTP_CONTENT_LENGTH_MISMATCH: /);
    });
  }

  it('that is right passes where the webtask is strict', async () => {
    const answer = await answerTo((_req, res) => {
      res.strictContentLength = true;
      res.setHeader('Content-Length', 3).write('ab');
      res.end('c');
    });
    expect(answer).to.deep.include({ body: 'abc', outcome: 'end' });
  });
});

describe('the body of an answer', () => {
  it('is text in the encoding that it was written in, or bytes', async () => {
    const { body } = await answerTo((_req, res) => {
      res.write('é');
      res.write('6869', 'hex');
      res.write(new Uint8Array([0x21]));
      res.write('');
      res.write('w6k=', 'base64');
      res.end('ü', 'utf8');
    });
    expect(body).to.equal('éhi!éü');
  });

  it('is what a buffer held when it was written', async () => {
    const answer = await answerTo((_req, res) => {
      const buffer = Buffer.from('first');
      res.write(buffer, () => {
        buffer.write('other');
        res.end(buffer);
      });
    });
    expect(answer.body).to.equal('firstother');
  });

  it('may be written between cork and uncork', async () => {
    const answer = await answerTo((_req, res) => {
      res.cork();
      res.write('a');
      res.write('b');
      res.uncork();
      res.end('c');
    });
    expect(answer.body).to.equal('abc');
  });

  it('calls back for each piece and for its end, in order', async () => {
    const facts = await noted((_req, res, note) => {
      res.write('a', () => note('wrote a'));
      res.write('b', 'utf8', () => note('wrote b'));
      res.end('c', () => note('ended'));
      note('returned');
    });
    expect(facts).to.deep.equal(['returned', 'wrote a', 'wrote b', 'ended']);
  });

  it('is no more than was written where its trailers are ignored', async () => {
    const answer = await answerTo((_req, res) => {
      res.setHeader('Trailer', 'X-Sum');
      res.write('a');
      res.addTrailers({ 'X-Sum': '1' });
      res.end();
    });
    expect(answer).to.deep.include({ headers: [['Trailer', 'X-Sum']], body: 'a', outcome: 'end' });
  });

  it('follows interim answers, which are not part of it', async () => {
    const { client } = await overBoth({
      method: 'POST',
      headers: ['Expect', '100-continue'],
      body: 'x',
      handle(_req, res, note) {
        res.writeContinue(() => note('continued'));
        res.writeProcessing();
        res.writeEarlyHints({ link: '</a.css>; rel=preload' });
        res.end('final');
      },
    });
    expect(client).to.deep.equal({
      status: 200,
      statusMessage: 'OK',
      headers: [['Content-Length', '5']],
      body: 'final',
      outcome: 'end',
    });
  });
});

describe('a response that has ended', () => {
  const late = async (mistake: (res: ServerResponse, note: (fact: unknown) => void) => unknown): Promise<unknown[]> =>
    noted((_req, res, note) => {
      res.on('error', (error) => note(`error ${said(error)}`));
      res.end('x');
      note(attempt(() => typeof mistake(res, note)));
    });

  it('takes no more: write', async () => {
    expect(
      await late((res, note) => res.write('y', (error) => note(`called back ${error && said(error)}`))),
    ).to.deep.equal([
      'boolean',
      'called back ERR_STREAM_WRITE_AFTER_END: write after end',
      'error ERR_STREAM_WRITE_AFTER_END: write after end',
    ]);
  });

  it('takes no more: end with a body', async () => {
    expect(await late((res) => res.end('y'))).to.deep.equal([
      'object',
      'error ERR_STREAM_WRITE_AFTER_END: write after end',
    ]);
  });

  it('ends twice without harm, and calls back', async () => {
    await late((res, note) => res.end(() => note('ended')));
  });

  it('says what it is while it ends and when it has', async () => {
    const state = (res: ServerResponse) => [
      res.headersSent,
      res.finished,
      res.writableEnded,
      res.writableFinished,
      res.writableLength,
      res.writableNeedDrain,
      res.destroyed,
      res.closed,
      res.socket === null,
    ];
    const facts = await noted((_req, res, note) => {
      note(state(res));
      res.once('finish', () => note(state(res)));
      res.once('close', () => note(state(res)));
      res.end();
    });
    expect(facts).to.deep.equal([
      [false, false, false, false, 0, false, false, false, false],
      [true, true, true, true, 0, false, false, false, true],
      [true, true, true, true, 0, false, true, true, true],
    ]);
  });

  it('calls back a write whose response was destroyed with the reason', async () => {
    const facts = await noted((_req, res, note) => {
      res.destroy();
      note(res.write('x', (error) => note(error && said(error))));
    });
    expect(facts).to.deep.equal([false, 'ERR_STREAM_DESTROYED: Cannot call write after a stream was destroyed']);
  });
});

describe('a request that a response belongs to', () => {
  it('is found on it, as are the socket and the caller', async () => {
    const facts = await noted((req: IncomingMessage, res, note) => {
      note([res.req === req, res.socket === req.socket, res.connection === req.connection, req.socket.remoteAddress]);
      res.end();
    });
    expect(facts).to.deep.equal([[true, true, true, '127.0.0.1']]);
  });
});
