import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { createDecoder } from '../../../runtime/worker/decode.ts';
import type { FrameType } from '../../../runtime/worker/frame.ts';
import { createFrameWriter } from '../../../runtime/worker/frame-writer.ts';
import { type Link, openLink } from '../../../runtime/worker/link.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A pipe of which each write is kept, and the link at one end of it. */
function open(peer: 'server' | 'worker' = 'worker') {
  const writes: string[][] = [];
  const pipe = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      this._writev?.([{ chunk, encoding: 'binary' }], done);
    },
    writev(chunks, done) {
      const types: string[] = [];
      const decode = createDecoder('server', ({ type, id }) => types.push(`${type} ${id}`));
      for (const { chunk } of chunks) decode(chunk);
      writes.push(types);
      done();
    },
  });
  const taken: string[] = [];
  const broken: (string | undefined)[] = [];
  const link: Link = openLink(
    pipe,
    peer,
    ({ type, id }) => taken.push(`${type} ${id}`),
    (reason) => broken.push(reason?.message),
  );
  return { pipe, link, writes, taken, broken };
}

function wire(...types: FrameType[]): Buffer {
  const frames = createFrameWriter();
  for (const [id, type] of types.entries()) frames.add(type, id, false, '');
  return Buffer.concat(frames.take());
}

describe('the end of a pipe to a worker', () => {
  it('writes the frames of a turn in one piece, since each write costs as much as a run', async () => {
    const { link, writes } = open();
    link.send('ping', 0);
    await Promise.resolve();
    link.send('run', 1, { head: 'GET', bytes: Buffer.from('a body') });
    process.nextTick(() => link.send('abort', 1));
    await turn();
    await turn();
    expect(writes).to.deep.equal([['ping 0', 'run 1', 'abort 1']]);
    link.send('ping', 2);
    await turn();
    await turn();
    expect(writes.slice(1)).to.deep.equal([['ping 2']]);
  });

  it('does not wait for more where there is enough to do for the other side', async () => {
    const { link, writes } = open();
    for (let id = 0; id < 40; id += 1) link.send('ping', id);
    expect(writes.map(({ length }) => length)).to.deep.equal([16, 16]);
    await turn();
    expect(writes.map(({ length }) => length)).to.deep.equal([16, 16, 8]);
    link.send('body', 40, { bytes: Buffer.alloc(64 << 10) });
    expect(writes.slice(3)).to.deep.equal([['body 40']]);
  });

  it('takes nothing any more from who sent what is no frame, and sends nothing', async () => {
    const { pipe, link, writes, taken, broken } = open();
    pipe.push(wire('pong', 'pong'));
    await turn();
    pipe.push(Buffer.from('garbage'.repeat(10)));
    pipe.push(wire('pong'));
    await turn();
    link.send('ping', 0);
    await turn();
    expect([taken, writes, pipe.destroyed]).to.deep.equal([['pong 0', 'pong 1'], [], true]);
    expect(broken).to.deep.equal([
      'A worker and its server do not understand each other: there is no frame of kind 103.',
    ]);
  });

  it('says once that the pipe was closed', async () => {
    const { pipe, broken } = open();
    pipe.destroy(new Error('ECONNRESET'));
    await turn();
    expect(broken).to.deep.equal([undefined]);
  });
});
