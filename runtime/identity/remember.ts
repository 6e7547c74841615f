/** What is remembered by a text. */
export interface Memory<Value> {
  get(text: string): Value | undefined;
  /** Notes a text that comes for the first time; from the second time on, its value is there. */
  set(text: string, value: Value): void;
}

/** What a text is found by: of its end, since a map would look through the whole of it. */
const END = 24;

/** Places for the numbers of texts that came once: 64 KiB, of which each number has a row to itself and few others. */
const ROWS = 4096;
const ROW = 4;

/**
 * Remembers up to a number of values, those that were asked for last the longest: in two halves, of which the older one is
 * let go of when the newer one is full. An entry costs a fifth of what it does in a list that is kept in order.
 *
 * Of what comes for the first time nothing is kept but a number, until four others have come to its row: to keep the value
 * would cost a tenth of what it took to make, and much of it never comes again.
 *
 * @param max - how many at most
 */
export function createMemory<Value>(max: number): Memory<Value> {
  const once = new Int32Array(ROWS * ROW);
  let newer = new Map<number, { readonly text: string; readonly value: Value }>();
  let older: typeof newer = new Map();

  function keep(mark: number, entry: { readonly text: string; readonly value: Value }): void {
    if (newer.size >= max / 2 && !newer.has(mark)) [older, newer] = [newer, new Map()];
    newer.set(mark, entry);
  }

  /** Notes a number, and says whether it was there. */
  function cameBefore(mark: number): boolean {
    const row = (mark % ROWS) * ROW;
    for (let at = row; at < row + ROW; at++) if (once[at] === mark) return true;
    once.copyWithin(row + 1, row, row + ROW - 1);
    once[row] = mark;
    return false;
  }

  return {
    set(text, value) {
      const mark = markOf(text);
      if (cameBefore(mark)) keep(mark, { text, value });
    },
    get(text) {
      const mark = markOf(text);
      const recent = newer.get(mark);
      const entry = recent ?? older.get(mark);
      if (entry?.text !== text) return undefined;
      if (!recent) keep(mark, entry);
      return entry.value;
    },
  };
}

/** FNV-1a in 30 bits. */
function markOf(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = Math.max(0, text.length - END); i < text.length; i++) {
    sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  }
  return sum >>> 2;
}
