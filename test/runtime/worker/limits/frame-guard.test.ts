import { expect } from 'chai';
import { createFrameGuard } from '../../../../runtime/worker/limits/frame-guard.ts';

describe('the guard against frames without end', () => {
  const takeMany = (guard: ReturnType<typeof createFrameGuard>, count: number, bytes = 0): number => {
    for (let i = 0; i < count; i += 1) {
      try {
        guard.take(bytes);
      } catch (error) {
        expect(error).to.include({ code: 'WORKER_FRAME_INVALID' });
        return i;
      }
    }
    return count;
  };

  it('lets through what requests need, and 5,000 small ones a second', () => {
    const clock = { now: 0 };
    const guard = createFrameGuard(() => clock.now);
    for (let i = 0; i < 100_000; i += 1) {
      guard.expect();
      expect(takeMany(guard, 2)).to.equal(2);
    }
    for (let second = 0; second < 20; second += 1) {
      clock.now += 1_000;
      expect(takeMany(guard, 4_999)).to.equal(4_999);
    }
  });

  it('refuses more', () => {
    expect(
      takeMany(
        createFrameGuard(() => 0),
        1_000_000,
      ),
    ).to.be.below(50_000);
  });

  it('lets through what was under way when callers left, and no more of what nobody wants', () => {
    const guard = createFrameGuard(() => 0);
    for (let i = 0; i < 1_000; i += 1) {
      guard.abort();
      for (let piece = 0; piece < 4; piece += 1) guard.takeUnwanted(64 << 10);
    }
    const flood = (): void => {
      for (let i = 0; i < 2_000; i += 1) guard.takeUnwanted(64 << 10);
    };
    expect(flood).to.throw('there are too many frames');
  });

  it('lets through what was under way when a hundred callers left at once', () => {
    const guard = createFrameGuard(() => 0);
    for (let i = 0; i < 100; i += 1) guard.abort();
    for (let piece = 0; piece < 400; piece += 1) guard.takeUnwanted(64 << 10);
  });

  it('does not count large ones, which flow only as fast as they are taken', () => {
    expect(
      takeMany(
        createFrameGuard(() => 0),
        100_000,
        4096,
      ),
    ).to.equal(100_000);
  });
});
