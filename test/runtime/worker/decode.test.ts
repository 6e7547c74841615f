import { expect } from 'chai';
import fc from 'fast-check';
import { createDecoder } from '../../../runtime/worker/decode.ts';
import { FRAMES, type Frame, type FrameType } from '../../../runtime/worker/frame.ts';
import { createFrameWriter } from '../../../runtime/worker/frame-writer.ts';
import { refusalIn } from '../../support/refusal.ts';

describe('frames between a server and a worker', () => {
  it('arrive as they were sent, however the pipe cuts them into pieces', () => {
    const types = (Object.keys(FRAMES) as FrameType[]).filter((type) => FRAMES[type].from !== 'server');
    const frame = fc.record({
      type: fc.constantFrom(...types),
      id: fc.nat(0xffffffff),
      last: fc.boolean(),
      head: fc.string({ unit: 'grapheme', maxLength: 40 }),
      bytes: fc.uint8Array({ maxLength: 9000 }),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 6 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 6000 })),
        (sent, cuts) => {
          const allowed = sent.map((it) => ({
            ...it,
            head: FRAMES[it.type].maxHead > 160 ? it.head : '',
            bytes: Buffer.from(it.bytes.subarray(0, FRAMES[it.type].maxBytes)),
          }));
          const frames = createFrameWriter();
          for (const { type, id, last, head, bytes } of allowed) frames.add(type, id, last, head, bytes);
          const { size } = frames;
          const wire = Buffer.concat(frames.take());
          expect(size).to.equal(wire.length);
          const seen: Frame[] = [];
          let rest = 0; // of a piece of a body, which comes in the pieces in which the pipe has it
          const decode = createDecoder('worker', (it) => {
            const before = seen.at(-1);
            const bytes = Buffer.concat(rest > 0 && before ? [before.bytes, it.bytes] : [it.bytes]);
            if (rest > 0) seen.pop();
            seen.push({ ...it, bytes });
            rest = (allowed[seen.length - 1]?.bytes.length ?? 0) - bytes.length;
          });
          for (let at = 0; at < wire.length; ) {
            const length = Number(cuts.next().value);
            decode(Buffer.from(wire.subarray(at, at + length)));
            at += length;
          }
          expect(seen).to.deep.equal(allowed);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('take the memory that they have bytes, into however many pieces they are cut', () => {
    const frames: Frame[] = [];
    const decode = createDecoder('worker', (it) => frames.push(it));
    const writer = createFrameWriter();
    writer.add('call', 1, false, ' '.repeat(1 << 18));
    const [wire = Buffer.alloc(0)] = writer.take();
    const before = process.memoryUsage.rss();
    for (let at = 0; at < wire.length; at++) decode(Buffer.from(new Uint8Array([wire[at] ?? 0]).buffer));
    expect(process.memoryUsage.rss() - before).to.be.below(50 << 20);
    expect(frames.map(({ head }) => head.length)).to.deep.equal([1 << 18]);
  });

  const refused = (wire: Buffer) => refusalIn(() => createDecoder('worker', () => undefined)(wire));
  const header = (number: number, last: number, head: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(14);
    buffer[0] = number;
    buffer[1] = last;
    buffer.writeUInt32BE(head, 6);
    buffer.writeUInt32BE(bytes, 10);
    return buffer;
  };

  it('are refused by their length before anything of them is kept', () => {
    expect(refused(header(18, 0, 0, 0xffffffff))).to.deep.include({
      code: 'WORKER_FRAME_INVALID',
      message: 'A worker and its server do not understand each other: data has 0 and 4294967295 bytes.',
    });
    expect(refused(header(20, 0, 257, 0))).to.deep.include({
      code: 'WORKER_FRAME_INVALID',
      message: 'A worker and its server do not understand each other: message has 257 and 0 bytes.',
    });
  });

  it('are refused where no such kind exists, or it is the other side that sends it', () => {
    for (const number of [0, 7, 255, FRAMES.define.number, FRAMES.run.number]) {
      expect(refused(header(number, 0, 0, 0))).to.deep.include({
        code: 'WORKER_FRAME_INVALID',
        message: `A worker and its server do not understand each other: there is no frame of kind ${number}.`,
      });
    }
  });

  it('have their bytes elsewhere where they say so, at a place that they name', () => {
    const seen: unknown[] = [];
    const writer = createFrameWriter();
    writer.addPlaced('data', 7, false, '', 0, 9000);
    writer.addPlaced('reply', 8, true, 'head', 31, 262_144);
    writer.add('pong', 9, false, '');
    const wire = Buffer.concat(writer.take());
    const decode = createDecoder(
      'worker',
      ({ type, id, last, head, bytes }) => seen.push([type, id, last, head, String(bytes)]),
      (unit, length) => Buffer.from(`${length} at ${unit}`),
    );
    for (const byte of wire) decode(Buffer.from([byte]));
    expect(seen).to.deep.equal([
      ['data', 7, false, '', '9000 at 0'],
      ['reply', 8, true, 'head', '262144 at 31'],
      ['pong', 9, false, '', ''],
    ]);
  });

  it('are refused where they have their bytes elsewhere, and there is no such place', () => {
    expect(refused(header(18, 2, 0, 0))).to.include({ code: 'WORKER_FRAME_INVALID' });
    const withMemory = (wire: Buffer) =>
      refusalIn(() =>
        createDecoder(
          'worker',
          () => undefined,
          () => expect.fail('it was read'),
        )(wire),
      );
    expect(withMemory(header(18, 2, 0, 262_145))).to.include({
      message: 'A worker and its server do not understand each other: data has 0 and 262145 bytes.',
    });
    expect(withMemory(header(22, 2, 0, 1))).to.include({
      message: 'A worker and its server do not understand each other: pong has 0 and 1 bytes.',
    });
  });

  it('cannot have a reader hold more than one frame, whatever is sent', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 50 }), (chunks) => {
        const decode = createDecoder('worker', () => undefined);
        try {
          for (const chunk of chunks) decode(Buffer.from(chunk));
        } catch (error) {
          expect(error).to.include({ code: 'WORKER_FRAME_INVALID' });
        }
      }),
    );
  });
});
