import type { StartOne } from './open-starter.ts';
import type { Worker } from './start-worker.ts';

/** A worker that is started before anybody asks for one. */
export interface Ahead {
  /** Starts workers; who asks first gets the one that has been started. */
  readonly start: StartOne;
  /** Resolves when it is ready, and rejects where it cannot be started. */
  readonly ready: Promise<unknown>;
  /** Ends it, unless somebody has got it. */
  close(): Promise<void>;
}

/** Starts a worker at once. */
export function startAhead(start: StartOne): Ahead {
  let tellIdle = (): void => undefined;
  let first: Promise<Worker> | undefined = start(() => tellIdle());
  first.catch(() => undefined); // said to who asks for it
  return {
    ready: first,
    start(onIdle) {
      if (first === undefined) return start(onIdle);
      const its = first;
      first = undefined;
      tellIdle = onIdle;
      return its;
    },
    async close() {
      const worker = await first?.catch(() => undefined);
      first = undefined;
      worker?.kill('the server stops');
      await worker?.ended;
    },
  };
}
