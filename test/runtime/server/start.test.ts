import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { listen } from '../../../runtime/server/edge/listen.ts';
import { startServer } from '../../../runtime/server/index.ts';
import { refusalOf } from '../../support/refusal.ts';
import { CLUSTER, runCode, startTestServer } from '../../support/server.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'webtask-start-'));
after(() => rmSync(dataFolder, { recursive: true, force: true }));

const OPTIONS = {
  port: 0,
  isolation: 'inline' as const,
  dataFolder,
  env: CLUSTER,
  allowedOrigins: [],
  limitMs: 1000,
  onLine: () => undefined,
  onError: () => undefined,
};

describe('starting a server', () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', '128.0.0.1', 'example.com', '127.0.0.1.example.com', '', '127.1']) {
    it(`is refused on "${host}", where others could reach webtasks that are not isolated`, async () => {
      expect(await refusalOf(startServer({ ...OPTIONS, host }))).to.deep.equal({
        code: 'SERVE_NOT_ISOLATED',
        message: `The server runs webtasks without a wall around them, and so does not listen on ${host}.`,
        fix: 'Listen on 127.0.0.1, or choose --isolation sandbox.',
      });
    });
  }

  for (const host of ['127.0.0.1', 'localhost']) {
    it(`gives the URL that it listens at, on ${host}`, async () => {
      const server = await startServer({ ...OPTIONS, host });
      expect(server.url).to.match(new RegExp(`^http://${host}:[1-9]\\d*$`));
      await server.close();
    });
  }

  it('is refused on a port that is taken', async () => {
    const other = createNetServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo; // it listens on TCP
    expect(await refusalOf(startServer({ ...OPTIONS, port, host: '127.0.0.1' }))).to.deep.equal({
      code: 'SERVE_PORT_TAKEN',
      message: `Port ${port} is taken by another program.`,
      fix: 'Choose another with --port, or --port 0 for any free one.',
    });
    other.close();
  });

  it('is refused on an address that this machine does not have', async () => {
    expect(await refusalOf(listen(createServer(), { port: 0, host: '192.0.2.1' }))).to.deep.equal({
      code: 'SERVE_CANNOT_LISTEN',
      message:
        'The server cannot listen on port 0 of 192.0.2.1: listen EADDRNOTAVAIL: address not available 192.0.2.1.',
      fix: 'Choose others with --port and --host.',
    });
  });
});

describe('stopping a server', () => {
  it('waits for what is running, and not for connections that are kept for more', async function () {
    this.timeout(4_000); // a connection is kept for 5 seconds
    const server = await startTestServer();
    const agent = new Agent({ keepAlive: true });
    const open = async (code: string) => {
      const headers = { Authorization: `Bearer ${server.sign()}` };
      const [answer] = await once(
        request(`${server.url}/api/run/test`, { method: 'POST', headers, agent }).end(code),
        'response',
      );
      return answer;
    };
    const idle = await open('return cb => cb(null, 1)');
    idle.resume();
    await once(idle, 'end');
    const running = await open('return (ctx, req, res) => { res.write("first"); global.startTest = res }');
    const [pieces] = [running.setEncoding('utf8')[Symbol.asyncIterator]()];
    expect((await pieces.next()).value).to.equal('first');

    let isClosed = false;
    const closed = server.close().then(() => {
      isClosed = true;
    });
    const { code } = await runCode(server, 'return cb => cb()').catch((error) => error);
    expect([code, isClosed]).to.deep.equal(['ECONNREFUSED', false]);
    const { startTest } = globalThis as unknown as { startTest: { end(text: string): void } }; // set by the webtask
    startTest.end('last');
    expect((await pieces.next()).value).to.equal('last');
    await closed;
    agent.destroy();
  });
});
