/** Things that are known by a number, and of which many come and go. */
export interface ByNumber<T> {
  get(id: number): T | undefined;
  set(id: number, it: T): void;
  /** @returns whether it was there */
  delete(id: number): boolean;
  readonly size: number;
  /** In the order of their numbers. */
  all(): T[];
  clear(): void;
}

/** A power of two: more than are there at a time, mostly. */
const PLACES = 256;
/** The number of what is not there. */
const NONE = -1;

/**
 * Keeps things by their number, which is the one before and one more for most: each has the place that its number ends
 * with. What has been there longer than most may be in the place of another, which then is kept by itself.
 *
 * A `Map` makes itself anew after as many deletions as it has entries, and each one that was left keeps the next alive
 * until all memory is looked through: with requests as entries, half of what they had made stayed.
 */
export function keepByNumber<T>(): ByNumber<T> {
  const numbers: number[] = [];
  const placed: (T | undefined)[] = [];
  let others: Record<number, T> = Object.create(null);
  let othersCount = 0;
  let size = 0;

  function clear(): void {
    for (let place = 0; place < PLACES; place++) {
      numbers[place] = NONE;
      placed[place] = undefined;
    }
    others = Object.create(null);
    othersCount = 0;
    size = 0;
  }
  clear();

  return {
    get(id) {
      const place = id % PLACES;
      if (numbers[place] === id) return placed[place];
      return othersCount > 0 ? others[id] : undefined;
    },
    set(id, it) {
      const place = id % PLACES;
      const isOther = othersCount > 0 && id in others;
      if (numbers[place] === id || (numbers[place] === NONE && !isOther)) {
        if (numbers[place] === NONE) size += 1;
        numbers[place] = id;
        placed[place] = it;
        return;
      }
      if (!isOther) {
        othersCount += 1;
        size += 1;
      }
      others[id] = it;
    },
    delete(id) {
      const place = id % PLACES;
      if (numbers[place] === id) {
        numbers[place] = NONE;
        placed[place] = undefined;
      } else if (othersCount > 0 && id in others) {
        delete others[id];
        othersCount -= 1;
      } else return false;
      size -= 1;
      return true;
    },
    get size() {
      return size;
    },
    all() {
      const found: [number, T][] = Object.entries(others).map(([id, it]) => [Number(id), it]);
      for (const [place, id] of numbers.entries()) if (id !== NONE) found.push([id, placed[place] as T]); // it was set
      return found.sort(([a], [b]) => a - b).map(([, it]) => it);
    },
    clear,
  };
}
