import { createWindow, type Window } from './limits/window.ts';

/** How long containers wait for their next worker. */
export interface Restarts {
  /** The worker of a container came to an end through what its webtasks did. */
  ended(container: string): void;
  /** Milliseconds that the container has to wait before it gets another one. */
  waitOf(container: string): number;
  /** Forgets those that have lately had none. */
  sweep(): void;
}

/** Within so many milliseconds ... */
const WINDOW_MS = 10_000;
/** ... so many workers may end before the next one is waited for. */
const AT_ONCE = 3;

/**
 * Makes what holds back containers whose workers end one after the other. Starting a process stops a server for some
 * milliseconds, and takes a tenth of a second of a processor: without a pause, one such container would slow down all
 * others.
 *
 * @param pauseMs - milliseconds between the end of such a worker and the next one
 * @param now - milliseconds, of a clock that only goes forward
 */
export function createRestarts(pauseMs: number, now: () => number): Restarts {
  const containers = new Map<string, { readonly ends: Window; lastAt: number }>();

  return {
    ended(container) {
      const it = containers.get(container) ?? { ends: createWindow(WINDOW_MS), lastAt: 0 };
      containers.set(container, it);
      it.lastAt = now();
      it.ends.add(1, it.lastAt);
    },
    waitOf(container) {
      const it = containers.get(container);
      if (!it || it.ends.sum(now()) <= AT_ONCE) return 0;
      return Math.max(0, it.lastAt + pauseMs - now());
    },
    sweep() {
      for (const [container, { ends }] of containers) if (ends.sum(now()) === 0) containers.delete(container);
    },
  };
}
