import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { type Conversation, overBoth } from '../../../support/both-transports.ts';

const require = createRequire(import.meta.url);

type AppRequest = IncomingMessage & { body: unknown; ip: string; originalUrl: string; webtaskContext: unknown };
type AppResponse = ServerResponse & {
  json(value: unknown): void;
  send(value: unknown): void;
  sendFile(path: string, options: { root: string }): void;
  redirect(url: string): void;
  cookie(name: string, value: string): AppResponse;
};
type Handler = (req: AppRequest, res: AppResponse, next: (error?: unknown) => void) => unknown;
/** The part of express that these tests use; it brings no types along. */
type App = ((req: IncomingMessage, res: ServerResponse, next?: () => void) => void) & { use(...of: unknown[]): void };
const express = require('express') as (() => App) & { json(): unknown };
const { fromExpress } = require('webtask-tools') as {
  fromExpress(app: App): (context: object, req: IncomingMessage, res: ServerResponse) => void;
};

/** What an express app says of errors. */
const onError = (error: Error & { status?: number }, _req: AppRequest, res: AppResponse, _next: unknown): void => {
  res.writeHead(error.status ?? 500).end(error.message);
};

/** Holds a conversation with an express app that parses JSON. */
function withApp(handler: Handler, conversation: Omit<Conversation, 'handle'> = {}) {
  const app = express();
  app.use(express.json(), handler, onError);
  return overBoth({ ...conversation, handle: (req, res) => app(req, res) });
}

const JSON_TYPE = ['Content-Type', 'application/json'];

describe('an express app', () => {
  it('answers, though it gives request and response other prototypes', async () => {
    const { client, handler } = await withApp((_req, res) => res.cookie('a', '1').cookie('b', '2').send('hello'));
    expect(client).to.deep.equal({
      status: 200,
      statusMessage: 'OK',
      headers: [
        ['X-Powered-By', 'Express'],
        ['Set-Cookie', 'a=1; Path=/'],
        ['Set-Cookie', 'b=2; Path=/'],
        ['Content-Type', 'text/html; charset=utf-8'],
        ['Content-Length', '5'],
        ['ETag', 'W/"5-qvTGHdzF6KLavt4PO0gs2a6pQ00"'],
      ],
      body: 'hello',
      outcome: 'end',
    });
    expect(handler).to.deep.equal(['res prefinish', 'res finish', 'res close', 'req end', 'req close']);
  });

  it('reads JSON, with a length and in chunks', async () => {
    for (const body of ['{"a":[1,"é"]}', ['{"a":', '[1,"é"]}']]) {
      const { client } = await withApp((req, res) => res.json(req.body), { method: 'POST', headers: JSON_TYPE, body });
      expect(client).to.include({ status: 200, body: '{"a":[1,"é"]}' });
    }
  });

  it('refuses JSON that is none, and a body that is too large', async () => {
    const handler: Handler = (_req, res) => res.send('never');
    expect((await withApp(handler, { method: 'POST', headers: JSON_TYPE, body: '{"a":' })).client).to.include({
      status: 400,
    });
    const body = JSON.stringify('x'.repeat(200_000));
    expect((await withApp(handler, { method: 'POST', headers: JSON_TYPE, body })).client).to.include({
      status: 413,
      body: 'request entity too large',
    });
  });

  it('is told of a caller that leaves while it reads', async () => {
    const app = express();
    app.use(express.json(), onError);
    const { handler } = await overBoth({
      method: 'POST',
      headers: JSON_TYPE,
      body: 'by hand',
      handle(req, res, note, caller) {
        caller.send('{"a":');
        app(req, res, () => note('next'));
        req.once('data', () => caller.leave());
      },
    });
    expect(handler).to.include('req aborted').and.to.include('res close').and.not.to.include('next');
  });

  it('answers HEAD, a conditional request and a redirect', async () => {
    const handler: Handler = (_req, res) => res.send('hello');
    expect((await withApp(handler, { method: 'HEAD' })).client).to.include({ status: 200, body: '' });
    const headers = ['If-None-Match', 'W/"5-qvTGHdzF6KLavt4PO0gs2a6pQ00"'];
    expect((await withApp(handler, { headers })).client).to.include({ status: 304, body: '' });
    const { client } = await withApp((_req, res) => res.redirect('/there'));
    expect(client).to.include({ status: 302, body: 'Found. Redirecting to /there' });
  });

  it('sends a file, whole and in part', async () => {
    const handler: Handler = (_req, res) => res.sendFile('LICENSE', { root: process.cwd() });
    expect((await withApp(handler)).client).to.include({ status: 200 });
    expect((await withApp(handler, { headers: ['Range', 'bytes=0-2'] })).client).to.include({
      status: 206,
      body: 'MIT',
    });
  });

  it('answers what it has no route for, and what it throws', async () => {
    expect((await withApp((_req, _res, next) => next())).client).to.include({ status: 404 });
    const thrown = await withApp(() => {
      throw new Error('thrown');
    });
    expect(thrown.client).to.include({ status: 500, body: 'thrown' });
  });

  it('knows its caller', async () => {
    const { client } = await withApp((req, res) => res.json([req.ip, req.originalUrl]), { url: '/a?b=1' });
    expect(client.body).to.equal('["127.0.0.1","/a?b=1"]');
  });

  it('slows a pipe to a slow reader', async () => {
    const app = express();
    const size = 8 * 1024 * 1024;
    app.use((req: AppRequest, res: AppResponse) => req.pipe(res));
    const { client } = await overBoth({
      method: 'POST',
      body: ['x'.repeat(size), 'y'],
      reads: 'when told',
      handle(req, res, note, caller) {
        app(req, res);
        req.once('pause', () => {
          note(res.writableNeedDrain);
          caller.read();
        });
      },
    });
    expect(client.body).to.have.length(size + 1);
  });
});

describe('an express app through webtask-tools', () => {
  for (const [format, url, rest] of [
    [1, '/api/run/mine/app/notes/7?a=1', '/notes/7?a=1'],
    [1, '/api/run/mine/app', '/'],
    [1, '/api/run/mine/app?a=1', '/?a=1'],
    [2, '/mine/app/notes/7?a=1', '/notes/7?a=1'],
    [3, '/app/notes/7?a=1', '/notes/7?a=1'],
    [3, '/app/', '/'],
  ] as const) {
    it(`finds its routes behind ${url} (URL format ${format})`, async () => {
      const app = express();
      app.use((req: AppRequest, res: AppResponse) => res.json([req.url, req.originalUrl, req.webtaskContext]));
      const run = fromExpress(app);
      const context = { id: '1', secrets: {} };
      const { client } = await overBoth({
        url,
        handle(req, res) {
          Object.assign(req, { x_wt: { container: 'mine', jtn: 'app', url_format: format } });
          run({ ...context }, req, res);
        },
      });
      expect(JSON.parse(client.body ?? '')).to.deep.equal([rest, url, context]);
    });
  }
});
