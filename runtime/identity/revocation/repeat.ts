import { setTimeout as delay } from 'node:timers/promises';

/**
 * Makes a call over and over, each so long after the one before it began, and never two at once.
 *
 * @param call - which does not throw
 * @param firstMs - when it is made first
 * @returns ends it, once the call that is under way has ended
 */
export function repeat(everyMs: number, call: () => Promise<void>, firstMs = 0): () => Promise<void> {
  const stopped = new AbortController();
  const wait = (ms: number): Promise<void> =>
    delay(ms, undefined, { ref: false, signal: stopped.signal }).catch(() => undefined);

  async function run(): Promise<void> {
    if (firstMs > 0) await wait(firstMs);
    while (!stopped.signal.aborted) {
      const began = performance.now();
      await call();
      await wait(Math.max(0, everyMs - (performance.now() - began)));
    }
  }
  const running = run();
  return () => {
    stopped.abort();
    return running;
  };
}
