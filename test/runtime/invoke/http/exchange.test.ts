import { createReadStream } from 'node:fs';
import { PassThrough, pipeline, Readable, Transform } from 'node:stream';
import { pipeline as pipelined } from 'node:stream/promises';
import { expect } from 'chai';
import { overBoth, said } from '../../../support/both-transports.ts';

/** More than any buffer on the way holds. */
const BIG = 8 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, 'x');

describe('a slow reader', () => {
  it('keeps the writer waiting until it reads', async () => {
    const { handler, client } = await overBoth({
      reads: 'when told',
      handle(_req, res, note, caller) {
        let left = BIG / PIECE.length;
        const writeOn = (): void => {
          while (left-- > 0) {
            if (res.write(PIECE)) continue;
            res.once('drain', writeOn);
            return;
          }
          res.end();
        };
        writeOn();
        note([left > 0, res.writableNeedDrain, res.writableLength > 0]);
        setImmediate(() => {
          note(left > 0);
          caller.read();
        });
      },
    });
    expect(handler).to.deep.equal([
      [true, true, true],
      true,
      'res prefinish',
      'res finish',
      'res close',
      'req end',
      'req close',
    ]);
    expect(client).to.deep.include({ outcome: 'end' });
    expect(client.body).to.have.length(BIG);
  });

  it('keeps back the callback of a write, and the end, of what does not fit', async () => {
    const { handler } = await overBoth({
      reads: 'when told',
      handle(_req, res, note, caller) {
        res.write(Buffer.alloc(BIG), () => note('written'));
        res.end(() => note('ended'));
        setImmediate(() => {
          note([res.writableEnded, res.writableFinished, res.writableNeedDrain]);
          caller.read();
        });
      },
    });
    expect(handler.slice(0, 3)).to.deep.equal(['res prefinish', [true, false, false], 'written']);
    expect(handler.slice(3, 5)).to.have.members(['res finish', 'ended']); // in this order up to Node 22
  });

  it('keeps back the callback of a small write before one that does not fit', async () => {
    const { handler } = await overBoth({
      reads: 'when told',
      handle(_req, res, note, caller) {
        res.write('small', () => note('small'));
        res.write(Buffer.alloc(BIG), () => note('big'));
        setImmediate(() => {
          note('read');
          caller.read();
          res.end();
        });
      },
    });
    expect(handler.slice(0, 4)).to.deep.equal(['read', 'res prefinish', 'small', 'big']);
  });

  it('gets all of an answer that has ended, though the webtask closes the connection then', async () => {
    const { client } = await overBoth({
      reads: 'when told',
      handle(req, res, _note, caller) {
        res.end('hello');
        res.on('close', () => {
          req.socket.destroy();
          setImmediate(() => setImmediate(() => caller.read()));
        });
      },
    });
    expect(client).to.include({ body: 'hello', outcome: 'end' });
  });

  it('is told of no drain after the end', async () => {
    const { handler } = await overBoth({
      reads: 'when told',
      handle(_req, res, note, caller) {
        res.on('drain', () => note('drain'));
        res.write(Buffer.alloc(BIG));
        res.end();
        setImmediate(() => caller.read());
      },
    });
    expect(handler).not.to.include('drain');
  });

  it('slows a source that is piped to it', async () => {
    const { handler } = await overBoth({
      reads: 'when told',
      handle(_req, res, note, caller) {
        let made = 0;
        const source = new Readable({
          read() {
            made += PIECE.length;
            this.push(made > BIG ? null : PIECE);
          },
        });
        res.once('pipe', (from) => note(from === source));
        res.once('unpipe', () => note('unpipe'));
        source.pipe(res);
        setImmediate(() =>
          setImmediate(() => {
            note(made < BIG);
            caller.read();
          }),
        );
      },
    });
    expect(handler.slice(0, 2)).to.deep.equal([true, true]);
    expect(handler).to.include('unpipe');
  });

  it('that leaves ends what was kept back', async () => {
    const { handler, client } = await overBoth({
      reads: 'when told',
      handle(_req, res, note, caller) {
        res.write(Buffer.alloc(BIG), () => note('called back')); // with an error from Node 22 on
        setImmediate(() => setImmediate(() => caller.leave()));
        res.on('close', () => setImmediate(() => caller.read()));
      },
    });
    expect(client).to.include({ body: '', outcome: 'cut off' });
    expect(handler).to.deep.equal(['called back', 'req aborted', 'res close', 'req close']);
  });

  it('that leaves ends the end that was kept back', async () => {
    await overBoth({
      reads: 'when told',
      handle(_req, res, note, caller) {
        res.on('drain', () => note('drain'));
        res.end(Buffer.alloc(BIG), () => note('ended'));
        setImmediate(() => setImmediate(() => caller.leave()));
        res.on('close', () => setImmediate(() => caller.read()));
      },
    });
  });
});

describe('a pipe', () => {
  it('from the request to the response is an echo', async () => {
    const { client } = await overBoth({
      method: 'POST',
      body: ['a', 'x'.repeat(500_000), 'b'],
      handle: (req, res) => void req.pipe(res),
    });
    expect(client.body).to.equal(`a${'x'.repeat(500_000)}b`);
  });

  it('may lead through other streams', async () => {
    const { client } = await overBoth({
      method: 'POST',
      body: ['a', 'b'],
      handle(req, res) {
        const louder = new Transform({
          transform: (chunk, _encoding, done) => done(null, String(chunk).toUpperCase()),
        });
        req.pipe(louder).pipe(res);
      },
    });
    expect(client.body).to.equal('AB');
  });

  it('may be a file', async () => {
    const { client } = await overBoth({ handle: (_req, res) => void createReadStream('package.json').pipe(res) });
    expect(JSON.parse(client.body ?? '')).to.include({ name: 'webtask-kit' });
  });

  it('finishes a pipeline', async () => {
    const { handler } = await overBoth({
      handle: (_req, res, note) => pipeline(Readable.from(['a', 'b']), res, (error) => note(error ?? 'done')),
    });
    expect(handler).to.include('done');
    await overBoth({
      method: 'POST',
      body: 'abc',
      async handle(req, res, note) {
        await pipelined(req, new PassThrough(), res);
        note('done');
      },
    });
  });

  it('that fails closes the connection', async () => {
    const { handler, client } = await overBoth({
      handle(_req, res, note) {
        const source = new Readable({ read: () => undefined });
        source.push('a');
        pipeline(source, res, (error) => note(error?.message));
        setImmediate(() => setImmediate(() => source.destroy(new Error('broke'))));
      },
    });
    expect(client).to.include({ status: 200, body: 'a', outcome: 'cut off' });
    expect(handler).to.include('broke').and.to.include('req aborted');
  });

  it('ends with a failure where the caller leaves', async () => {
    const { handler } = await overBoth({
      handle(_req, res, note, caller) {
        const source = new Readable({ read: () => undefined });
        source.push('a');
        pipeline(source, res, (error) => note(error && said(error)));
        setImmediate(() => setImmediate(() => caller.leave()));
      },
    });
    expect(handler).to.include('ERR_STREAM_PREMATURE_CLOSE: Premature close');
  });
});
