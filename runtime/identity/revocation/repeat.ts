import { setTimeout as delay } from 'node:timers/promises';

/**
 * Makes a call over and over, each so long after the one before it began, and never two at once.
 *
 * @param call - which does not throw
 * @returns ends it, once the call that is under way has ended
 */
export function repeat(everyMs: number, call: () => Promise<void>): () => Promise<void> {
  const stopped = new AbortController();
  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const began = performance.now();
      await call();
      const left = Math.max(0, everyMs - (performance.now() - began));
      await delay(left, undefined, { ref: false, signal: stopped.signal }).catch(() => undefined);
    }
  }
  const running = run();
  return () => {
    stopped.abort();
    return running;
  };
}
