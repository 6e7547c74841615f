import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import { askResolvers } from '../../../../runtime/worker/network/ask-resolvers.ts';

const QUERY = encode({ type: 'query', questions: [{ name: 'x.test', type: 'A' }] });
const SHORT_MS = 100;

describe('the resolvers of this machine', () => {
  const open: (() => void)[] = [];
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });

  /** Starts a resolver on loopback that sends what is given for each query. */
  async function startResolver(answers: (query: Buffer) => readonly Buffer[], host = '127.0.0.1'): Promise<string> {
    const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (query, { port, address }) => {
      for (const answer of answers(query)) socket.send(answer, port, address);
    });
    socket.bind(0, host);
    await once(socket, 'listening');
    open.push(() => socket.close());
    return host.includes(':') ? `[${host}]:${socket.address().port}` : `${host}:${socket.address().port}`;
  }
  const answerTo = (query: Buffer, parts: object = {}): Buffer => {
    const { id = 0, questions = [] } = decode(query);
    return encode({ type: 'response', id, questions, ...parts });
  };
  const address = (data: string) => ({ answers: [{ name: 'x.test', type: 'A', ttl: 1, data }] });
  const addressIn = (answer: Buffer): unknown => decode(answer).answers?.map((it) => 'data' in it && it.data);

  it('are asked with an id that nobody can guess', async () => {
    const ids = new Set<number>();
    const resolver = await startResolver((query) => {
      ids.add(query.readUInt16BE(0));
      return [answerTo(query, address('93.184.216.34'))];
    });
    for (let times = 0; times < 8; times++) {
      expect(addressIn(await askResolvers([resolver], QUERY, 1000))).to.deep.equal(['93.184.216.34']);
    }
    expect(ids.size).to.be.greaterThan(4);
  });

  it('are not believed where the answer is to another question, or has another id', async () => {
    const resolver = await startResolver((query) => {
      const otherId = answerTo(query, address('93.184.216.1'));
      otherId.writeUInt16BE(otherId.readUInt16BE(0) ^ 1, 0);
      const otherName = answerTo(query, { questions: [{ name: 'y.test', type: 'A' }], ...address('93.184.216.2') });
      const noAnswer = Buffer.from(query);
      return [otherId, otherName, noAnswer, Buffer.from('x'), answerTo(query, address('93.184.216.3'))];
    });
    expect(addressIn(await askResolvers([resolver], QUERY, 1000))).to.deep.equal(['93.184.216.3']);
  });

  it('are asked over TCP where the answer is cut off, which may come in pieces', async () => {
    const tcp = createServer((socket) => {
      socket.once('data', (bytes) => {
        const message = answerTo(bytes.subarray(2), address('93.184.216.34'));
        const length = Buffer.alloc(2);
        length.writeUInt16BE(message.length, 0);
        socket.write(length.subarray(0, 1));
        setImmediate(() => socket.end(Buffer.concat([length.subarray(1), message])));
      });
    }).listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    open.push(() => tcp.close());
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket('udp4');
    udp.on('message', (query, from) => udp.send(answerTo(query, { flags: 0x0200 }), from.port, from.address));
    udp.bind(port, '127.0.0.1');
    await once(udp, 'listening');
    open.push(() => udp.close());
    expect(addressIn(await askResolvers([`127.0.0.1:${port}`], QUERY, 1000))).to.deep.equal(['93.184.216.34']);
  });

  it('are asked one after the other, and what the last one failed with is said', async () => {
    const silent = await startResolver(() => []);
    const gone = await startResolver(() => []);
    open.pop()?.();
    const good = await startResolver((query) => [answerTo(query, address('93.184.216.34'))], '::1');
    expect(addressIn(await askResolvers([gone, silent, good], QUERY, SHORT_MS))).to.deep.equal(['93.184.216.34']);
    const failure = await askResolvers([silent], QUERY, SHORT_MS).catch((error: Error) => error.message);
    expect(failure).to.equal(`${silent} did not answer`);
    expect(await askResolvers([], QUERY, SHORT_MS).catch((error: Error) => error.message)).to.equal(
      'no resolver is known',
    );
  });
});
