/** What is remembered by a text. */
export interface Memory<Value> {
  get(text: string): Value | undefined;
  /** Notes a text that comes for the first time; from the second time on, its value is there. */
  set(text: string, value: Value): void;
}

/** What a text is found by: of its end, since a map would look through the whole of it. */
const END = 24;

/**
 * Remembers up to a number of values, those that were asked for last the longest: in two halves, of which the older one is
 * let go of when the newer one is full. An entry costs a fifth of what it does in a list that is kept in order.
 *
 * What does not come again among so many others is never kept, which would cost a tenth of what it took to make.
 *
 * @param max - how many at most
 */
export function createMemory<Value>(max: number): Memory<Value> {
  let newer = new Map<number, { readonly text: string; readonly value: Value }>();
  let older: typeof newer = new Map();
  const noted = new Int32Array(max);

  function keep(mark: number, entry: { readonly text: string; readonly value: Value }): void {
    if (newer.size >= max / 2) [older, newer] = [newer, new Map()];
    newer.set(mark, entry);
  }

  return {
    set(text, value) {
      const mark = markOf(text);
      const place = mark % max;
      if (noted[place] === mark) keep(mark, { text, value });
      else noted[place] = mark;
    },
    get(text) {
      const mark = markOf(text);
      let entry = newer.get(mark);
      if (!entry) {
        entry = older.get(mark);
        if (entry) keep(mark, entry);
      }
      return entry?.text === text ? entry.value : undefined;
    },
  };
}

/** FNV-1a in 30 bits, above 0. */
function markOf(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = Math.max(0, text.length - END); i < text.length; i++) {
    sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  }
  return (sum >>> 2) + 1;
}
