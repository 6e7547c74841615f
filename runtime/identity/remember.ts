/** What is remembered by a text. */
export interface Memory<Value> {
  get(text: string): Value | undefined;
  set(text: string, value: Value): void;
}

/**
 * Remembers up to a number of values, those that were asked for last the longest: in two halves, of which the older one is
 * let go of when the newer one is full. An entry costs a fifth of what it does in a list that is kept in order.
 *
 * @param max - how many at most; at least half as many are there
 */
export function createMemory<Value>(max: number): Memory<Value> {
  let newer = new Map<string, Value>();
  let older = new Map<string, Value>();

  function set(text: string, value: Value): void {
    if (newer.size >= max / 2) [older, newer] = [newer, new Map()];
    newer.set(text, value);
  }

  return {
    set,
    get(text) {
      const value = newer.get(text);
      if (value !== undefined) return value;
      const old = older.get(text);
      if (old !== undefined) set(text, old);
      return old;
    },
  };
}
