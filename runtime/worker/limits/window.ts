/** How much of something was used lately. */
export interface Window {
  add(amount: number, now: number): void;
  /** What was used within the window that ends now. */
  sum(now: number): number;
  /** Milliseconds until no more than that is left of what was used, if nothing is added. */
  wait(most: number, now: number): number;
}

/** In how many parts a window slides on. */
const PARTS = 60;

/**
 * Makes a window that slides on over what is used.
 *
 * @param spanMs - its length in milliseconds
 *
 * @example
 * const window = createWindow(60_000);
 * window.add(10, 0);
 * window.sum(59_000); // 10
 * window.sum(60_000); // 0
 */
export function createWindow(spanMs: number): Window {
  const partMs = spanMs / PARTS;
  /** The oldest first. */
  let parts: { at: number; amount: number }[] = [];

  const slide = (now: number): void => {
    if ((parts[0]?.at ?? now) <= now - spanMs) parts = parts.filter(({ at }) => at > now - spanMs);
  };
  return {
    add(amount, now) {
      slide(now);
      const at = Math.floor(now / partMs) * partMs;
      const last = parts.at(-1);
      if (last?.at === at) last.amount += amount;
      else parts.push({ at, amount });
    },
    sum(now) {
      slide(now);
      return parts.reduce((sum, { amount }) => sum + amount, 0);
    },
    wait(most, now) {
      let left = this.sum(now);
      for (const { at, amount } of parts) {
        if (left <= most) return 0;
        left -= amount;
        if (left <= most) return at + spanMs - now;
      }
      return 0;
    },
  };
}
