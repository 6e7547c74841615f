/** Random numbers that are the same for the same seed. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number;
  chance(probability: number): boolean;
}

/** A made-up world: its time moves from one thing that happens to the next, and nothing in it takes any. */
export interface World {
  readonly random: Random;
  /** Milliseconds since the world began: what no process can know. */
  time(): number;
  /** Has something happen after so many milliseconds. */
  after(ms: number, happen: () => void): void;
  /** Lets things happen until then. */
  run(until: number): Promise<void>;
}

/** mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  return { next, below: (end) => Math.floor(next() * end), chance: (probability) => next() < probability };
}

/** Makes a world. Everything in it follows from its seed. */
export function createWorld(seed: number): World {
  const random = createRandom(seed);
  /** In the order of time, and of what was planned first. */
  const plan: { readonly at: number; readonly happen: () => void }[] = [];
  let time = 0;
  return {
    random,
    time: () => time,
    after(ms, happen) {
      const at = time + ms;
      let low = 0;
      let high = plan.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((plan[middle] as { at: number }).at <= at) low = middle + 1;
        else high = middle;
      }
      plan.splice(low, 0, { at, happen });
    },
    async run(until) {
      for (let first = plan[0]; first && first.at <= until; first = plan[0]) {
        plan.shift();
        time = first.at;
        first.happen();
        // Everything that is waited for by promises happens now, before time goes on.
        await new Promise(setImmediate);
      }
      time = until;
    },
  };
}
