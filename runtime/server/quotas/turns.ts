/**
 * Makes a queue for each name: calls under one name run one after another, those of different names at once.
 *
 * @example
 * const inTurn = createTurns();
 * await inTurn('acme', () => change('acme'));
 */
export function createTurns(): <T>(name: string, call: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, call) => {
    const before = last.get(name);
    const mine = before ? before.then(call, call) : call();
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
