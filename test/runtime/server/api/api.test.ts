import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { WebtaskError } from '../../../../runtime/errors.ts';
import { type ApiParts, createApiHandler, type Routes } from '../../../../runtime/server/api/api.ts';
import { apiError, ask, proxyError } from '../../../support/server.ts';

describe('the management API', () => {
  let server: Server;
  let url: string;
  let errors: string[];
  /** What the handler works with where no route asks for more. */
  const PARTS = {
    acts: { failed: () => undefined, recordAnswers: () => undefined },
    metrics: { request: () => undefined },
    maxCodeBytes: 1024,
    baseUrl: () => 'http://localhost',
    onError: (error: WebtaskError) => void errors.push(error.code),
  } as unknown as ApiParts; // these routes use no more of it

  async function start(addRoutes: Routes, limitMs?: number): Promise<void> {
    errors = [];
    const handle = createApiHandler(PARTS, [addRoutes], limitMs);
    server = createServer((req, res) => void handle(req, res)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  }
  afterEach(() => server.close());

  it('answers in time also where a handler does not', async () => {
    let finish: (answer: object) => void = () => undefined;
    await start((api) => api.get('/slow', () => new Promise((resolve) => (finish = resolve))), 50);
    const answer = await ask(`${url}/slow`);
    expect(apiError(answer)).to.deep.equal(proxyError(504, 'the request was not answered within 50 ms'));
    expect(errors).to.deep.equal(['API_TIMED_OUT']);
    finish({ late: true }); // goes nowhere, and breaks nothing
    expect((await ask(`${url}/other`)).status).to.equal(404);
  });

  it('has no limit for an answer that a handler sends by itself, as streams do', async () => {
    await start((api) => {
      api.get('/stream', (_request, reply) => {
        reply.hijack();
        reply.raw.write('first ');
        setTimeout(() => reply.raw.end('last'), 150);
      });
    }, 50);
    expect((await ask(`${url}/stream`)).body).to.equal('first last');
    expect(errors).to.deep.equal([]);
  });

  it('says of what nobody foresaw no more than that', async () => {
    await start((api) => {
      api.get('/broken', async () => {
        throw new TypeError('secret is undefined');
      });
    });
    const answer = apiError(await ask(`${url}/broken`));
    expect(answer).to.deep.equal(proxyError(500, 'the server met an error that it did not foresee'));
    expect(errors).to.deep.equal(['INTERNAL']);
  });

  it('takes no body for the body of which only the type is said', async () => {
    await start((api) => {
      api.delete('/thing', async (request) => ({ body: request.body }));
    });
    const { body } = await ask(`${url}/thing`, { method: 'DELETE', headers: { 'Content-Type': 'application/json' } });
    expect(body).to.equal('{"body":null}');
  });
});
