import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { attempt, type ClientView, type Conversation, overBoth } from '../../../support/both-transports.ts';

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

describe('the head of an answer', () => {
  it('is implied by the first byte, or by the end', async () => {
    expect(await answerTo((_req, res) => res.end())).to.deep.equal({
      status: 200,
      statusMessage: 'OK',
      headers: [['Content-Length', '0']],
      body: '',
      outcome: 'end',
    });
    expect(await answerTo((_req, res) => void [res.write('a'), res.end('b')])).to.deep.equal({
      status: 200,
      statusMessage: 'OK',
      headers: [],
      body: 'ab',
      outcome: 'end',
    });
  });

  it('has the status and the headers that were set, in their order and as they were written', async () => {
    const answer = await answerTo((_req, res) => {
      res.statusCode = 418;
      res.setHeader('X-Second', '2').setHeader('x-first', 1).setHeader('X-Empty', '');
      res.end();
    });
    expect(answer).to.include({ status: 418, statusMessage: "I'm a Teapot" });
    expect(answer.headers).to.deep.equal([
      ['X-Second', '2'],
      ['x-first', '1'],
      ['X-Empty', ''],
      ['Content-Length', '0'],
    ]);
  });

  for (const [what, statusMessage, handle] of [
    ['property', 'Made up', (_req, res) => Object.assign(res, { statusMessage: 'Made up' }).end()],
    ['argument of writeHead', 'Brewing', (_req, res) => res.writeHead(201, 'Brewing').end()],
    ['unknown status', 'unknown', (_req, res) => res.writeHead(299).end()],
    [
      'property that writeHead keeps',
      'Kept',
      (_req, res) => Object.assign(res, { statusMessage: 'Kept' }).writeHead(404).end(),
    ],
    ['Latin character', 'café', (_req, res) => res.writeHead(200, 'café').end()],
  ] satisfies [string, string, Handle][]) {
    it(`has a status message: ${what}`, async () => {
      expect(await answerTo(handle)).to.include({ statusMessage });
    });
  }

  it('is written once by writeHead, with an object', async () => {
    const { headers } = await answerTo((_req, res) => res.writeHead(200, { 'X-A': '1', 'x-b': ['2', '3'] }).end('x'));
    expect(headers).to.deep.equal([
      ['X-A', '1'],
      ['x-b', '2'],
      ['x-b', '3'],
    ]);
  });

  it('may be a flat list, and a list of pairs, which keep what is repeated', async () => {
    const flat = ['X-A', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
    const headers = [
      ['X-A', '1'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ];
    expect((await answerTo((_req, res) => res.writeHead(200, flat).end())).headers).to.deep.equal(headers);
    const pairs = headers as unknown as string[]; // a form that the types do not know
    expect((await answerTo((_req, res) => res.writeHead(200, pairs).end())).headers).to.deep.equal(headers);
  });

  it('has what setHeader set where writeHead does not replace it', async () => {
    const { headers } = await answerTo((_req, res) => {
      res.setHeader('X-A', '1').setHeader('X-B', '1');
      res.writeHead(200, { 'x-b': '2', 'X-C': '3' }).end();
    });
    expect(headers).to.deep.equal([
      ['X-A', '1'],
      ['x-b', '2'],
      ['X-C', '3'],
    ]);
  });

  it('has what setHeader set where writeHead is given a list', async () => {
    // Node 20 and later versions disagree about names that the list repeats.
    await answerTo((_req, res) => {
      res.setHeader('X-A', '1').setHeader('Set-Cookie', 'z=0');
      res.writeHead(200, ['X-A', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end();
    });
  });

  it('is found by getHeader where setHeader was used, and by none where it was not', async () => {
    const read = (res: ServerResponse) => [
      res.getHeader('x-a'),
      res.getHeaderNames(),
      res.getHeaders(),
      res.headersSent,
    ];
    expect(
      await noted((_req, res, note) => {
        res.writeHead(200, { 'X-A': '1' });
        note(read(res));
        res.end();
      }),
    ).to.deep.equal([[undefined, [], Object.create(null), true]]);
    await noted((_req, res, note) => {
      res.setHeader('X-B', '1');
      note(read(res));
      res.writeHead(200, { 'X-A': '1' });
      note(read(res));
      res.end();
    });
  });

  it('repeats cookies and other lists, and joins what must not be repeated', async () => {
    const { headers } = await answerTo((_req, res) => {
      res.setHeader('Set-Cookie', ['a=1', 'b=2']);
      res.appendHeader('set-cookie', 'c=3').appendHeader('Vary', 'x').appendHeader('vary', 'y');
      res.setHeader('Cookie', ['d=4', 'e=5']);
      res.end();
    });
    expect(headers).to.deep.equal([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Set-Cookie', 'c=3'],
      ['Vary', 'x'],
      ['Vary', 'y'],
      ['Cookie', 'd=4; e=5'],
      ['Content-Length', '0'],
    ]);
  });

  it('may be set from web-standard headers', async () => {
    const headers = new Headers([
      ['x-a', '1'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    expect((await answerTo((_req, res) => res.setHeaders(headers).end())).headers).to.deep.include([
      'set-cookie',
      'b=2',
    ]);
  });

  it('keeps a colon, a comma and Latin characters in a value', async () => {
    const { headers } = await answerTo((_req, res) => res.setHeader('X-A', 'a: b, c: é').end());
    expect(headers?.[0]).to.deep.equal(['X-A', 'a: b, c: é']);
  });

  it('keeps a file name with other characters as Node sends it', async () => {
    await answerTo((_req, res) => res.setHeader('Content-Disposition', 'attachment; filename="naïve.txt"').end('x'));
  });

  it('goes out with flushHeaders, before there is a body', async () => {
    const answer = await answerTo((_req, res, _note, caller) => {
      res.setHeader('X-A', '1').flushHeaders();
      caller.read();
      res.end('later');
    });
    expect(answer).to.deep.include({ headers: [['X-A', '1']], body: 'later' });
  });

  it('goes out with flushHeaders even where nothing follows for a while', async () => {
    const { client } = await overBoth({
      reads: 'when told',
      handle(_req, res, _note, caller) {
        res.flushHeaders();
        setImmediate(() => {
          caller.read();
          res.end('later');
        });
      },
    });
    expect(client).to.include({ status: 200, body: 'later' });
  });

  it('may be written by the old name writeHeader', async () => {
    const old = (res: ServerResponse) => res as unknown as { writeHeader: ServerResponse['writeHead'] }; // absent from its types
    expect(await answerTo((_req, res) => void [old(res).writeHeader(202, { 'X-A': '1' }), res.end('x')])).to.include({
      status: 202,
      body: 'x',
    });
    await answerTo((_req, res) => void [old(res).writeHeader(202), res.write('a'), res.end('b')]);
  });
});

describe('a mistake with the head of an answer', () => {
  const mistakes: [string, (res: ServerResponse) => unknown][] = [
    ['a second writeHead', (res) => res.writeHead(200).writeHead(201)],
    ['setHeader after the head', (res) => res.writeHead(200).setHeader('X-A', '1')],
    ['appendHeader after the head', (res) => res.writeHead(200).appendHeader('X-A', '1')],
    ['removeHeader after the head', (res) => res.writeHead(200).removeHeader('X-A')],
    ['a status that is none', (res) => res.writeHead(42)],
    ['a status that is no number', (res) => Object.assign(res, { statusCode: 'ok' }).end()],
    ['a header without a value', (res) => res.setHeader('X-A', undefined as unknown as string)], // as JavaScript may
    ['a header name that is none', (res) => res.setHeader('a b', '1')],
    ['a header value with a line end', (res) => res.setHeader('X-A', 'a\r\nX-B: 1')],
    ['a header value outside Latin', (res) => res.setHeader('X-A', '☕')],
    ['a status message with a line end', (res) => res.writeHead(200, 'a\r\nX-B: 1')],
    ['a list of headers that is uneven', (res) => res.writeHead(200, ['X-A'])],
    ['a trailer without chunks', (res) => res.writeHead(200, { Trailer: 'X-A', 'Content-Length': 1 })],
    ['a body that is no text', (res) => res.end(1 as unknown as string)], // as JavaScript may
    ['a body that is null', (res) => res.write(null as unknown as string)], // as JavaScript may
  ];
  for (const [what, mistake] of mistakes) {
    it(`is answered as Node answers it: ${what}`, async () => {
      const facts = await noted((_req, res, note) => {
        note(attempt(() => mistake(res)));
        if (!res.headersSent) Object.assign(res, { statusCode: 500, statusMessage: 'Failed' });
        res.end();
      });
      expect(facts).to.have.length(1);
      expect(facts[0]).to.match(/^ERR_\w+: /);
    });
  }
});
