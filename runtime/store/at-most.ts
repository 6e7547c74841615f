/**
 * Makes a gate that lets a number of calls be under way at once; others wait their turn.
 *
 * @example
 * const gate = atMost(50);
 * const answer = await gate(() => client.send(command));
 */
export function atMost(max: number): <T>(call: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = max;
  return async (call) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
