/** What a worker has its server do, a few at a time. */
export interface CallQueue {
  /**
   * Does it when it is its turn.
   *
   * @param size - how much of the server's memory it takes until then, in characters
   * @returns whether it will be done: not where there are too many
   */
  take(size: number, answer: () => Promise<void>): boolean;
}

/** Done at the same time, for one worker: the server has others. */
const AT_ONCE = 16;
/** That wait. */
export const MAX_CALLS = 10_000;
const MAX_SIZE = 32 << 20;

/** Makes the queue of a worker's calls. */
export function createCallQueue(): CallQueue {
  const waiting: { size: number; answer: () => Promise<void> }[] = [];
  let underWay = 0;
  let size = 0;

  async function work(): Promise<void> {
    underWay += 1;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await next.answer();
      size -= next.size;
    }
    underWay -= 1;
  }
  return {
    take(ofThis, answer) {
      if (waiting.length >= MAX_CALLS || size + ofThis > MAX_SIZE) return false;
      size += ofThis;
      waiting.push({ size: ofThis, answer });
      if (underWay < AT_ONCE) void work();
      return true;
    },
  };
}
