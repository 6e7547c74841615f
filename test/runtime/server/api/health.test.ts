import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import type { WebtaskError } from '../../../../runtime/errors.ts';
import { createReadiness } from '../../../../runtime/server/readiness.ts';
import { createMemoryStore, type Store } from '../../../../runtime/store/index.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { apiError, ask, proxyError, startTestServer, type TestServer } from '../../../support/server.ts';

describe('health', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.close());

  for (const path of ['/healthz', '/readyz']) {
    it(`${path} answers without a credential`, async () => {
      const { status, body } = await ask(server.url + path);
      expect({ status, body }).to.deep.equal({ status: 200, body: '{"status":"ok"}' });
      expect((await ask(server.url + path, { method: 'HEAD' })).status).to.equal(200);
    });

    it(`${path} is on no other host, since those are of webtasks`, async () => {
      const answer = await ask(server.url + path, { headers: { Host: 'shop.example.com' } });
      expect(apiError(answer)).to.deep.equal(proxyError(404, `there is nothing at GET ${path}`));
    });
  }

  it('a server that is being stopped is not ready, and says so to who has asked before', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    await once(socket, 'connect');
    socket.write(`GET /readyz HTTP/1.1\r\nHost: ${hostname}\r\n`);
    await ask(`${server.url}/healthz`); // by now the server has the beginning
    const closed = server.restart();
    socket.end('\r\n');
    const pieces = await socket.toArray();
    expect(pieces.join('')).to.match(/^HTTP\/1\.1 503 .*"message":"the server is not ready: it is being stopped"/s);
    await closed;
  });
});

describe('whether a server is ready', () => {
  const REFUSAL = { code: 'NOT_READY', message: 'the server is not ready: the store does not answer', fix: undefined };
  const withGet = (get: Store['get']) => async (): Promise<Store> => ({ ...createMemoryStore(), get });
  const silent = (): Promise<never> => new Promise(() => undefined);

  it('is not known before its store has answered in time', async () => {
    expect(await refusalOf(createReadiness(withGet(silent), 10).check())).to.deep.equal(REFUSAL);
  });

  it('is asked of a store that cannot be opened in time', async () => {
    expect(await refusalOf(createReadiness(silent, 10).check())).to.deep.equal(REFUSAL);
  });

  it('does not tell where the store is, which the cause does to who runs the server', async () => {
    const secret = new Error('connect ECONNREFUSED 10.1.2.3:8000');
    const readiness = createReadiness(withGet(() => Promise.reject(secret)));
    expect(await refusalOf(readiness.check())).to.deep.equal(REFUSAL);
    const error = await readiness.check().catch((it: WebtaskError) => it);
    expect(error).to.have.property('cause', secret);
  });

  it('is asked of the store once a second, however often it is asked here', async () => {
    let time = 0;
    let reads = 0;
    const get = async (): Promise<undefined> => void reads++;
    const readiness = createReadiness(withGet(get), 10, () => time);
    for (; time < 2_500; time += 100) await Promise.all([readiness.check(), readiness.check()]);
    expect(reads).to.equal(3);
  });

  it('is found out anew, so that one outage is not for ever', async () => {
    let time = 0;
    let isDown = true;
    const readiness = createReadiness(
      withGet(async () => (isDown ? Promise.reject(new Error('down')) : undefined)),
      10,
      () => time,
    );
    expect(await refusalOf(readiness.check())).to.deep.equal(REFUSAL);
    isDown = false;
    time = 1_000;
    await readiness.check();
  });
});
