import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { lendBuffer } from '../../../../runtime/invoke/index.ts';
import { endTogether } from '../../../../runtime/server/run/end-together.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n';

describe('answers that are ended together', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close().closeAllConnections());

  async function serve(listener: RequestListener): Promise<number> {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port; // it listens on TCP
  }

  /** Sends text, and gives what comes back, piece by piece, until it has so many characters. */
  async function exchange(port: number, sent: string, length: number): Promise<string[]> {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    socket.write(sent);
    const pieces: string[] = [];
    while (pieces.join('').length < length) pieces.push(String((await once(socket, 'data'))[0]));
    socket.destroy();
    return pieces;
  }

  function answer(res: ServerResponse, body: string | Buffer): void {
    res.sendDate = false;
    res.shouldKeepAlive = false; // says less in its head
    endTogether(res.writeHead(200, 'OK', ['Content-Length', `${body.length}`]), body);
  }

  it('come whole, each head with its body in one piece', async () => {
    const port = await serve((_, res) => answer(res, 'é!'));
    const whole = `${HEAD}Connection: close\r\n\r\né!`;
    expect(await exchange(port, REQUEST, whole.length)).to.deep.equal([whole]);
  });

  it('are bytes also where they are no text', async () => {
    const port = await serve((_, res) => answer(res, Buffer.from([0xff, 0x0a])));
    const whole = `${HEAD}Connection: close\r\n\r\n\xff\n`;
    expect((await exchange(port, REQUEST, whole.length)).join('')).to.equal(whole);
  });

  it('are finished: the next request of the connection is answered', async () => {
    const finished: boolean[] = [];
    const port = await serve((_, res) => {
      res.sendDate = false;
      res.on('close', () => finished.push(res.writableFinished));
      endTogether(res.writeHead(200, 'OK', ['Content-Length', '2', 'Connection', 'keep-alive']), 'hi');
    });
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    for (let i = 1; i <= 2; i++) {
      socket.write(REQUEST);
      expect(String((await once(socket, 'data'))[0]).split('\r\n\r\n')[1]).to.equal('hi');
      expect(finished.length).to.equal(i);
    }
    socket.destroy();
    expect(finished).to.deep.equal([true, true]);
  });

  it('keep their order where requests were sent without waiting, and are ready the other way round', async () => {
    const waiting: ServerResponse[] = [];
    const port = await serve((_, res) => {
      res.sendDate = false;
      if (waiting.push(res) < 2) return;
      waiting.reverse().forEach((it, i) => {
        endTogether(it.writeHead(200, 'OK', ['Content-Length', '1', 'Connection', 'keep-alive']), `${i}`);
      });
    });
    const one = (body: string): string =>
      `HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n${body}`;
    const both = one('1') + one('0');
    expect((await exchange(port, REQUEST + REQUEST, both.length)).join('')).to.equal(both);
  });

  it('hold back nobody where a caller has left meanwhile', async () => {
    const waiting: ServerResponse[] = [];
    let onBoth = (): void => undefined;
    const port = await serve((_, res) => {
      if (waiting.push(res) === 2) onBoth();
    });
    const both = new Promise<void>((resolve) => {
      onBoth = resolve;
    });
    const [leaves, stays] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1').setEncoding('latin1')];
    leaves.write(REQUEST);
    stays.write(REQUEST);
    await both;
    leaves.destroy();
    for (const res of waiting) answer(res, 'ok');
    expect(String((await once(stays, 'data'))[0])).to.equal(`${HEAD}Connection: close\r\n\r\nok`);
    stays.destroy();
  });

  it('have their buffers used again when they have gone, and not before', async () => {
    const body = lendBuffer(256 << 10);
    const isUsedAgain = (): boolean => lendBuffer(256 << 10).buffer === body.buffer;
    let go = (): void => expect.fail('nothing was written');
    const connection = new Duplex({
      read: () => undefined,
      writev(_, done) {
        go = done;
      },
    });
    await serve((_, res) => answer(res, body));
    server?.emit('connection', connection); // as Node's documentation has it for any stream
    connection.push(REQUEST);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isUsedAgain()).to.equal(false);
    go();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isUsedAgain()).to.equal(true);
  });
});
