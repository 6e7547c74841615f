import { closeSync, existsSync, fstatSync, ftruncateSync, readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { openMemory } from '../../../runtime/worker/open-memory.ts';
import { createSharedMemory, MAX_PLACED_BYTES, type SharedMemory } from '../../../runtime/worker/shared-memory.ts';
import { refusalIn } from '../../support/refusal.ts';

const KIB = 1024;
const REFUSED = 'A worker and its server do not understand each other: ';

describe('memory that a server and a worker share', () => {
  let descriptor = -1;
  let server: SharedMemory;
  let worker: SharedMemory;
  beforeEach(function () {
    const opened = openMemory();
    if (opened === undefined) return this.skip(); // elsewhere than on Linux
    descriptor = opened;
    server = createSharedMemory(descriptor, 'server');
    worker = createSharedMemory(descriptor, 'worker');
  });
  afterEach(() => server?.close());

  it('has no name that another process could open, and takes nothing until it is used', () => {
    const link = readlinkSync(`/proc/self/fd/${descriptor}`);
    expect(link).to.match(/^\/dev\/shm\/#\d+ \(deleted\)$/);
    expect(existsSync(link.replace(' (deleted)', ''))).to.equal(false);
    expect([fstatSync(descriptor).blocks, fstatSync(descriptor).mode & 0o777]).to.deep.equal([0, 0o600]);
  });

  it('brings pieces of both sides across, none of which touches another', () => {
    const pieces = [1, 70 * KIB, MAX_PLACED_BYTES, 64 * KIB].map((length, i) => Buffer.alloc(length, `${i}`));
    const theirs = pieces.map((piece) => worker.place(piece) ?? -1);
    const mine = pieces.map((piece) => server.place(Buffer.alloc(piece.length, '!')) ?? -1);
    expect(theirs).to.deep.equal([0, 1, 3, 7]);
    for (const [i, piece] of pieces.entries()) {
      expect(server.read(theirs[i] ?? -1, piece.length).equals(piece)).to.equal(true);
      expect(worker.read(mine[i] ?? -1, piece.length).equals(Buffer.alloc(piece.length, '!'))).to.equal(true);
    }
  });

  it('has room for so many, and for others when they are read', () => {
    const piece = Buffer.alloc(MAX_PLACED_BYTES);
    const places = Array.from({ length: 9 }, () => worker.place(piece));
    expect(places).to.deep.equal([0, 4, 8, 12, 16, 20, 24, 28, undefined]);
    worker.free(8);
    expect(worker.place(Buffer.alloc(65 * KIB))).to.equal(8);
    expect(worker.place(piece)).to.equal(undefined); // there are two of the four that it needs
    expect(worker.place(Buffer.alloc(100 * KIB))).to.equal(10);
  });

  it('takes no piece that is longer than a frame may have', () => {
    expect(worker.place(Buffer.alloc(MAX_PLACED_BYTES + 1))).to.equal(undefined);
  });

  it('is read within its bounds, and only what is there', () => {
    worker.place(Buffer.alloc(64 * KIB));
    const refused = (call: () => unknown) => {
      expect(refusalIn(call)).to.include({ code: 'WORKER_FRAME_INVALID' });
      return refusalIn(call).message.replace(REFUSED, '');
    };
    expect(refused(() => server.read(32, 1))).to.equal('nothing can be at 32 of the shared memory.');
    expect(refused(() => server.read(126, 1))).to.equal('nothing can be at 126 of the shared memory.');
    expect(refused(() => server.read(0, MAX_PLACED_BYTES + 1))).to.equal('nothing can be at 0 of the shared memory.');
    expect(refused(() => server.read(31, 1))).to.equal('0 of 1 bytes are in the shared memory.');
    ftruncateSync(descriptor, 0);
    expect(refused(() => server.read(0, 64 * KIB))).to.equal('0 of 65536 bytes are in the shared memory.');
    expect(refused(() => worker.free(1))).to.equal('nothing is at 1 of the shared memory.');
    expect(refused(() => worker.free(4_000_000))).to.equal('nothing is at 4000000 of the shared memory.');
    worker.free(0);
    expect(refused(() => worker.free(0))).to.equal('nothing is at 0 of the shared memory.');
  });

  it('is not used any more where it cannot be written to', () => {
    const closed = createSharedMemory(1_000_000, 'worker');
    expect([closed.place(Buffer.alloc(1)), closed.place(Buffer.alloc(1))]).to.deep.equal([undefined, undefined]);
  });

  it('is not read when it is closed, whoever has its descriptor then', () => {
    worker.place(Buffer.alloc(1));
    server.close();
    const next = openMemory() ?? -1;
    expect([next, createSharedMemory(next, 'worker').place(Buffer.from('x'))]).to.deep.equal([descriptor, 0]);
    expect(refusalIn(() => server.read(0, 1))).to.include({
      code: 'WORKER_FRAME_INVALID',
      message: `${REFUSED}nothing can be at 0 of the shared memory.`,
    });
    expect(server.place(Buffer.alloc(1))).to.equal(undefined);
    server.close();
    expect(fstatSync(next).isFile()).to.equal(true);
    closeSync(next);
  });
});
