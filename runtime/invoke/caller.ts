import type { CallerSignal } from './types.ts';

/** Whoever waits for an answer, and may go away: an AbortController as light as each request having one needs it. */
export class Caller implements CallerSignal {
  aborted = false;
  readonly #leaving: (() => void)[] = [];

  /** The caller went away. */
  leave(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const leave of this.#leaving.splice(0)) leave();
  }

  addEventListener(_type: 'abort', leave: () => void): void {
    this.#leaving.push(leave);
  }

  removeEventListener(_type: 'abort', leave: () => void): void {
    const at = this.#leaving.indexOf(leave);
    if (at >= 0) this.#leaving.splice(at, 1);
  }
}
