import { Readable } from 'node:stream';
import { expect } from 'chai';
import { receiveBody } from '../../../runtime/worker/receive-body.ts';
import { sendBody, WINDOW_BYTES } from '../../../runtime/worker/send-body.ts';
import { refusalIn } from '../../support/refusal.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A body that its owner pushes into, and what is sent of it. */
function open(sent = 0) {
  const body = new Readable({ read: () => undefined });
  const pieces: (number | string)[] = [];
  const bytes: Buffer[] = [];
  const sending = sendBody(
    body,
    sent,
    (piece, last) => {
      bytes.push(piece);
      pieces.push(last ? 'last' : piece.length);
    },
    () => pieces.push('broken'),
  );
  return { body, pieces, bytes, sending };
}

describe('a body on its way to the other side', () => {
  it('goes in pieces as it comes, and says when it ends', async () => {
    const { body, pieces } = open();
    body.push(Buffer.alloc(100_000));
    await turn();
    expect(pieces).to.deep.equal([100_000]);
    body.push(Buffer.alloc(9000));
    body.push(null);
    await turn();
    expect(pieces).to.deep.equal([100_000, 9000, 'last']);
  });

  it('has what is small and comes in one turn joined: each piece is work for the other side', async () => {
    const { body, pieces, bytes } = open();
    await turn();
    for (const text of ['a', 'bc', 'def']) body.push(text);
    await turn();
    body.push('g');
    body.push(Buffer.alloc(10_000));
    body.push('h');
    body.push(null);
    await turn();
    expect(pieces).to.deep.equal([6, 1, 10_000, 1, 'last']);
    expect(String(bytes[0])).to.equal('abcdef');
  });

  it('stops at the window, and goes on as the other side takes it', async () => {
    const { body, pieces, sending } = open(1000);
    body.push(Buffer.alloc(2 * WINDOW_BYTES));
    body.push(null);
    await turn();
    expect([pieces, body.isPaused()]).to.deep.equal([[WINDOW_BYTES - 1000], true]);
    sending.taken(10);
    sending.taken(WINDOW_BYTES);
    await turn();
    expect(pieces).to.deep.equal([WINDOW_BYTES - 1000, 10, WINDOW_BYTES]);
    sending.taken(WINDOW_BYTES);
    await turn();
    expect(pieces.slice(3)).to.deep.equal([990, 'last']);
  });

  it('is not taken faster than it was sent', () => {
    const { sending } = open();
    expect(refusalIn(() => sending.taken(1))).to.deep.include({
      code: 'WORKER_FRAME_INVALID',
      message: 'A worker and its server do not understand each other: more of a body was taken than was sent.',
    });
  });

  it('that breaks off says so once, and nothing after', async () => {
    const { body, pieces } = open();
    body.push('half');
    await turn();
    body.destroy(new Error('gone'));
    await turn();
    expect(pieces).to.deep.equal([4, 'broken']);
  });

  it('does not come faster than it is taken, nor after its end', () => {
    const flood = receiveBody(
      () => undefined,
      () => undefined,
    );
    flood.push(Buffer.alloc(WINDOW_BYTES), false);
    expect(refusalIn(() => flood.push(Buffer.alloc(1), false)).message).to.equal(
      'A worker and its server do not understand each other: a body came too fast.',
    );
    const ended = receiveBody(
      () => undefined,
      () => undefined,
    );
    ended.push(Buffer.alloc(1), true);
    expect(refusalIn(() => ended.push(Buffer.alloc(1), false)).message).to.equal(
      'A worker and its server do not understand each other: a body went on after its end.',
    );
  });

  it('arrives whole where the reader is slow', async () => {
    const { body, bytes, sending, pieces } = open();
    const sent: Buffer[] = [];
    const { body: arriving, push } = receiveBody(sending.taken, () => undefined);
    const bytesOf = (i: number): Buffer => Buffer.alloc(50_000, i);
    for (let i = 0; i < 40; i++) body.push(bytesOf(i));
    body.push(null);
    const pass = (): void => {
      for (const piece of bytes.splice(0)) push(piece, pieces.at(-1) === 'last' && piece.length === 0);
    };
    const read = (async () => {
      for await (const chunk of arriving) {
        sent.push(chunk);
        await turn();
      }
    })();
    while (!arriving.readableEnded) {
      pass();
      await turn();
    }
    await read;
    expect(Buffer.concat(sent)).to.deep.equal(Buffer.concat(Array.from({ length: 40 }, (_, i) => bytesOf(i))));
  });
});
