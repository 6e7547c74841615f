import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import { type NameServer, serveNames } from '../../../../runtime/worker/network/serve-names.ts';

const query = (id: number): Buffer => encode({ type: 'query', id, questions: [{ name: 'x.test', type: 'A' }] });
const framed = (message: Buffer): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length, 0);
  return Buffer.concat([length, message]);
};

describe('who answers one worker for names', () => {
  let names: NameServer;
  let waiting: (() => void)[];
  const answer = encode({
    type: 'response',
    questions: [{ name: 'x.test', type: 'A' }],
    answers: [{ name: 'x.test', type: 'A', ttl: 1, data: '93.184.216.34' }],
  });
  afterEach(() => names.close());

  const serve = async (isHeldBack = false): Promise<void> => {
    waiting = [];
    names = await serveNames('public', () =>
      isHeldBack ? new Promise((resolve) => waiting.push(() => resolve(answer))) : Promise.resolve(answer),
    );
  };
  /** Sends bytes over TCP, and gives the ids and codes of what is answered until the connection ends. */
  async function overTcp(pieces: readonly Buffer[], isEnded = true): Promise<[id: number, code: string][]> {
    const socket = connect(names.port, '127.0.0.1');
    const closed = once(socket, 'close');
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk)).on('error', () => undefined);
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise(setImmediate);
    }
    if (isEnded) socket.end();
    await closed;
    const messages: [number, string][] = [];
    let rest = Buffer.concat(received);
    while (rest.length >= 2) {
      const { id = 0, ...message } = decode(rest.subarray(2));
      messages.push([id, (message as unknown as { rcode: string }).rcode]); // absent from its types
      rest = rest.subarray(2 + rest.readUInt16BE(0));
    }
    return messages;
  }

  it('answers over TCP in the order of the questions, however they are cut in pieces', async () => {
    await serve();
    const bytes = Buffer.concat([framed(query(1)), framed(query(2))]);
    const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(await overTcp(pieces)).to.deep.equal([
      [1, 'NOERROR'],
      [2, 'NOERROR'],
    ]);
  });

  it('ends a connection that asks on and on, too much at once, or what is no question', async () => {
    await serve();
    const many = Array.from({ length: 40 }, (_, id) => framed(query(id)));
    expect(await overTcp(many, false)).to.have.length(16);
    expect(await overTcp([Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.alloc(600)])], false)).to.deep.equal([]);
    expect(await overTcp([framed(Buffer.from('what'))], false)).to.deep.equal([]);
  });

  it('fails what is asked beyond what may be asked at once, and answers again afterwards', async () => {
    await serve(true);
    const socket = createSocket('udp4');
    const codes: string[] = [];
    const arrived = (count: number): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => void (codes.length >= count && resolve());
        socket.on('message', look);
        look();
      });
    // Its types lack the member.
    socket.on('message', (message) => codes.push((decode(message) as unknown as { rcode: string }).rcode));
    for (let id = 0; id < 66; id++) socket.send(query(id), names.port, '127.0.0.1');
    await arrived(2);
    expect(codes).to.deep.equal(['SERVFAIL', 'SERVFAIL']);
    for (const goOn of waiting.splice(0)) goOn();
    await arrived(66);
    expect(codes.filter((it) => it === 'NOERROR')).to.have.length(64);
    socket.close();
  });

  it('ignores packets that are too long, and those that are no question', async () => {
    await serve();
    const socket = createSocket('udp4');
    socket.send(Buffer.concat([query(1), Buffer.alloc(600)]), names.port, '127.0.0.1');
    socket.send('what', names.port, '127.0.0.1');
    socket.send(query(2), names.port, '127.0.0.1');
    const [message] = await once(socket, 'message');
    expect(decode(message).id).to.equal(2);
    socket.close();
  });

  it('ends all connections when it is closed, which may be twice', async () => {
    await serve(true);
    const socket = connect(names.port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    names.close();
    names.close();
    await closed;
  });
});
