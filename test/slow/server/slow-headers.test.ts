import { connect } from 'node:net';
import { expect } from 'chai';
import { startTestServer, type TestServer } from '../../support/server.ts';

describe('a caller that never ends its headers', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  it('is answered 408 after 15 seconds, or soon after, and let go', async function () {
    this.timeout(60_000);
    const startedAt = performance.now();
    const text = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      const drip = setInterval(() => socket.write('X-Slow: 1\r\n'), 1_000);
      socket.write('GET /api/run/test HTTP/1.1\r\nHost: a\r\n');
      socket.setEncoding('utf8').on('data', (chunk) => {
        received += chunk;
      });
      socket
        .on('error', () => undefined)
        .once('close', () => {
          clearInterval(drip);
          resolve(received);
        });
    });
    const seconds = (performance.now() - startedAt) / 1000;
    expect(seconds).to.be.within(15, 25);
    expect(text).to.match(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(text).to.contain('"message":"the request did not arrive in time"');
  });
});
