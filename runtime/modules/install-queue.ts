import { fail } from '../errors.ts';

/** Installations at a time. */
const AT_ONCE = 2;
/** Those under way or waiting, of one container: as many as one request may ask for. */
export const MAX_OF_CONTAINER = 50;
/** Those of all. */
export const MAX_OF_ALL = 200;
/** Seconds after which it is worth asking again: some are done by then. */
const RETRY_SECONDS = 10;

/** The installations of a server, a few at a time. */
export interface InstallQueue {
  /**
   * Lets as many more be added now.
   *
   * @param container - who asks; without one, only the server as a whole is limited
   * @throws MODULES_WAITING where the container has too many, MODULES_BUSY where all have
   */
  admit(container: string | undefined, count: number): void;
  /**
   * Adds one, and says when it is done.
   *
   * @throws MODULES_WAITING, MODULES_BUSY, at once
   */
  add(container: string | undefined, work: () => Promise<void>): Promise<void>;
}

interface Waiting {
  readonly container: string | undefined;
  begin(): void;
}

/** Makes the queue. Who has nothing under way goes first, so that nobody waits for all that another asks for. */
export function createInstallQueue(): InstallQueue {
  const waiting: Waiting[] = [];
  const running: (string | undefined)[] = [];

  const count = (container: string): number =>
    [...running, ...waiting.map((it) => it.container)].filter((it) => it === container).length;

  function admit(container: string | undefined, more: number): void {
    if (container !== undefined && count(container) + more > MAX_OF_CONTAINER) {
      fail('MODULES_WAITING', { container, max: MAX_OF_CONTAINER, retryAfter: RETRY_SECONDS });
    }
    if (running.length + waiting.length + more > MAX_OF_ALL) {
      fail('MODULES_BUSY', { max: MAX_OF_ALL, retryAfter: RETRY_SECONDS });
    }
  }

  function beginNext(): void {
    if (running.length >= AT_ONCE) return;
    const first = waiting.findIndex(({ container }) => !running.includes(container));
    const [next] = waiting.splice(Math.max(first, 0), 1);
    if (!next) return;
    running.push(next.container);
    next.begin();
  }

  return {
    admit,
    add(container, work) {
      admit(container, 1);
      return new Promise((resolve, reject) => {
        const begin = (): void => {
          const done = work().finally(() => {
            running.splice(running.indexOf(container), 1);
            beginNext();
          });
          done.then(resolve, reject);
        };
        waiting.push({ container, begin });
        beginNext();
      });
    },
  };
}
