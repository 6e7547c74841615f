import { createWindow, OUTPUT_WINDOW_MS, type Window } from '../../worker/index.ts';

/** How much of what the webtasks of each container print is shown. */
export interface OutputBudget {
  /**
   * Counts what a container prints.
   *
   * @returns `over` where it is not to be shown, until half of the budget is free again; `last` for the first of those
   */
  take(container: string, length: number): 'shown' | 'last' | 'over';
}

/** Of the limit of one worker: what is within it is always shown, and so is what a second worker says of its own. */
const WORKERS = 2;
/** So many containers are known before those are forgotten that have printed nothing lately. */
const MAX_QUIET = 1000;

/**
 * Makes the budget of output. A worker that prints more than it may is ended, and its container has another one with the
 * next request: the budget is for all of them, so that readers of logs and the terminal are not flooded by one after
 * the other.
 *
 * @param outputBytes - what a worker may print within {@link OUTPUT_WINDOW_MS}
 * @param now - milliseconds, of a clock that only goes forward
 */
export function createOutputBudget(outputBytes: number, now: () => number): OutputBudget {
  const budget = WORKERS * outputBytes;
  const containers = new Map<string, { readonly window: Window; isOver: boolean }>();

  function forgetQuiet(at: number): void {
    for (const [container, { window }] of containers) if (window.sum(at) === 0) containers.delete(container);
  }

  return {
    take(container, length) {
      const at = now();
      if (!containers.has(container) && containers.size >= MAX_QUIET) forgetQuiet(at);
      const it = containers.get(container) ?? { window: createWindow(OUTPUT_WINDOW_MS), isOver: false };
      containers.set(container, it);
      const wasOver = it.isOver;
      it.isOver = it.window.sum(at) + (wasOver ? budget / 2 : length) > budget;
      if (it.isOver) return wasOver ? 'over' : 'last';
      it.window.add(length, at);
      return 'shown';
    },
  };
}
