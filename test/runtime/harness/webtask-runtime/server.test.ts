import { once } from 'node:events';
import { Agent, request as httpRequest, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createServer } from '../../../../runtime/harness/webtask-runtime.ts';
import { silent } from './support.ts';

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

const address = () => server?.address() as AddressInfo; // it listens on TCP

/** Listens, and gives what sends requests. */
async function serve(...[webtask, options]: Parameters<typeof createServer>) {
  server = createServer(webtask, { logger: silent, ...options });
  expect(server).to.be.instanceOf(Server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return async (url = '/', init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${address().port}${url}`, init);
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  };
}

describe('createServer', () => {
  it('runs a webtask for each request, and compiles its code once', async () => {
    const send = await serve('let runs = 0; module.exports = (cb) => cb(null, ++runs);');
    const bodies = (await Promise.all([send(), send(), send()])).map(({ body }) => body);
    expect(bodies.sort()).to.deep.equal(['1', '2', '3']);
  });

  it('runs a function with the options of simulate', async () => {
    const send = await serve((ctx, cb) => cb(null, [ctx.data, ctx.meta, ctx.body]), {
      secrets: { s: 1 },
      params: { p: 2 },
      meta: { m: '3' },
      parseBody: true,
      mergeBody: true,
    });
    const init = { method: 'POST', body: '{"s":9,"b":4}', headers: { 'content-type': 'application/json' } };
    expect(await send('/?q=5', init)).to.deep.equal({
      status: 200,
      type: 'application/json',
      body: '[{"q":"5","p":2,"s":1,"b":4},{"m":"3"},{"s":9,"b":4}]',
    });
  });

  it('answers every request to code that cannot be compiled', async () => {
    const send = await serve('module.exports = "junk"');
    const reason = 'Unable to compile submitted JavaScript. Error: Supplied code must return or export a function.';
    const refused = {
      status: 400,
      type: 'application/json',
      body: JSON.stringify({ code: 400, details: reason }, null, 2),
    };
    expect(await send()).to.deep.equal(refused);
    expect(await send()).to.deep.equal(refused);
  });

  it('answers a body that is too large after it was sent, so that the next request goes through', async () => {
    await serve((cb) => cb(null, 'ok'), { parseBody: 1, maxBodySize: 5 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const status = async (method: string, body: string): Promise<unknown> => {
      const request = httpRequest({ host: '127.0.0.1', port: address().port, agent, method }).end(body);
      const [response] = await once(request, 'response');
      await once(response.resume(), 'end');
      return response.statusCode;
    };
    expect(await status('POST', '0'.repeat(3_000_000))).to.equal(400);
    expect(await status('GET', '')).to.equal(200);
    agent.destroy();
  });

  it('keeps one storage for all requests, which the code finds in module.webtask too', async () => {
    const code = `const { storage } = module.webtask;
      module.exports = (ctx, cb) => ctx.storage.get((error, data) =>
        ctx.storage.set({ n: data.n + 1 }, () => storage.get((error, now) => cb(error, [data, now]))));`;
    const send = await serve(code, { initialStorageData: { n: 1 } });
    expect((await send()).body).to.equal('[{"n":1},{"n":2}]');
    expect((await send()).body).to.equal('[{"n":2},{"n":3}]');
  });

  it('refuses what is neither code nor a function at once', () => {
    // @ts-expect-error: what a wrong import gives
    expect(() => createServer(undefined))
      .to.throw('Supplied code must return or export a function. It exported a value of type undefined.')
      .with.property('code', 'COMPILE_NOT_A_FUNCTION');
  });
});
