import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import { listen, stop } from '../../../../runtime/server/edge/listen.ts';

describe('a server that stops', () => {
  it('closes connections that are idle, and each of the others once it is answered', async () => {
    let answering: ServerResponse | undefined;
    const server = createServer((req, res) => {
      if (req.url === '/slow') answering = res;
      else res.end('done');
    });
    server.keepAliveTimeout = 0; // it would never close one by itself
    await listen(server, { port: 0, host: '127.0.0.1' });
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const [idle, busy] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    busy.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(server, 'request');

    const stopped = stop(server);
    await once(idle.resume(), 'close');
    expect(busy.destroyed).to.equal(false);
    answering?.end('answered');
    expect(String(await once(busy, 'data'))).to.contain('answered');
    await once(busy.resume(), 'close');
    await stopped;
  });
});
