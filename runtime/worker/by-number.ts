/** Things that are known by a number, and of which many come and go. */
export interface ByNumber<T> {
  get(id: number): T | undefined;
  set(id: number, it: T): void;
  /** @returns whether it was there */
  delete(id: number): boolean;
  readonly size: number;
  all(): T[];
  clear(): void;
}

/**
 * Keeps things by their number.
 *
 * A `Map` makes itself anew after as many deletions as it has entries, and each one that was left keeps the next alive
 * until all memory is looked through: with requests as entries, half of what they had made stayed.
 */
export function keepByNumber<T>(): ByNumber<T> {
  let kept: Record<number, T> = Object.create(null);
  let size = 0;
  return {
    get: (id) => kept[id],
    set(id, it) {
      if (!(id in kept)) size += 1;
      kept[id] = it;
    },
    delete(id) {
      if (!(id in kept)) return false;
      delete kept[id];
      size -= 1;
      return true;
    },
    get size() {
      return size;
    },
    all: () => Object.values(kept),
    clear() {
      kept = Object.create(null);
      size = 0;
    },
  };
}
