import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { ask, startTestServer, type TestServer } from '../../../support/server.ts';
import { until } from '../../../support/until.ts';

/** Writes as long as it is taken, and says how much it got rid of when nothing is taken any more. */
const ENDLESS = `module.exports = (context, req, res) => {
  const chunk = Buffer.alloc(65536, 'x');
  let taken = 0;
  let isHeld;
  const write = () => {
    clearTimeout(isHeld);
    while (taken < 1e9) {
      taken += chunk.length;
      if (res.write(chunk)) continue;
      isHeld = setTimeout(() => console.log('held at ' + taken), 300);
      return void res.once('drain', write);
    }
  };
  res.on('close', () => { clearTimeout(isHeld); console.log('closed') });
  write();
};`;

describe('a caller that stops reading', () => {
  let server: TestServer;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    server = await startTestServer();
    await ask(`${server.url}/api/webtask/test/endless`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${server.sign({ dd: 1 })}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ code: ENDLESS }),
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
  });

  /** Asks for what has no end, and reads nothing of it. */
  async function stall(): Promise<Socket> {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname).pause();
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(`GET /api/run/test/endless HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    return socket;
  }
  const held = (): number[] => server.lines.flatMap((line) => /held at (\d+)/.exec(line)?.slice(1).map(Number) ?? []);
  const untilHeld = (count: number) => until(() => held().length >= count);

  it('holds back who writes for it: what waits for it is bounded, however much there is', async () => {
    await stall();
    await untilHeld(1);
    // Buffers of the two ends of the connection, which the system chooses, and those of streams.
    expect(held()[0]).to.be.lessThan(32 * 1024 * 1024);
  });

  it('holds back nobody else', async () => {
    for (let i = 0; i < 20; i++) await stall();
    await untilHeld(20);
    const startedAt = Date.now();
    for (let i = 0; i < 20; i++) expect((await ask(`${server.url}/healthz`)).status).to.equal(200);
    expect(Date.now() - startedAt).to.be.lessThan(5_000);
  });

  it('is forgotten when it goes', async () => {
    const socket = await stall();
    await untilHeld(1);
    socket.destroy();
    await server.printed('endless | closed');
  });
});
