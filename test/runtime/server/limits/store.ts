import { WebtaskError } from '../../../../runtime/errors.ts';
import { createLimits, type Limits } from '../../../../runtime/server/limits/index.ts';
import type { Store } from '../../../../runtime/store/index.ts';
import { createMemoryStore } from '../../../../runtime/store/memory.ts';
import type { TokenClaims } from '../../../../runtime/token/index.ts';

/** A Sunday, 7 seconds after a full minute. */
export const START = Date.parse('2026-11-22T21:40:07Z') / 1000;

/** Servers over one store, with one clock that a test moves. */
export interface Bed {
  /** Seconds since the epoch. */
  time: number;
  isDown: boolean;
  /** How often the store was read, and written. */
  readonly asked: { reads: number; writes: number };
  /** Waited for before each answer of the store. */
  gate: () => Promise<void>;
  server(remembered?: number): Limits;
}

export function createBed(): Bed {
  const store = createMemoryStore(() => bed.time);
  const bed: Bed = {
    time: START,
    isDown: false,
    asked: { reads: 0, writes: 0 },
    gate: async () => undefined,
    server: (remembered) =>
      createLimits(
        async () => watched,
        () => bed.time,
        remembered,
      ),
  };
  async function through<T>(kind: 'reads' | 'writes', call: () => Promise<T>): Promise<T> {
    bed.asked[kind] += 1;
    await bed.gate();
    if (bed.isDown) throw new Error('the store is down');
    const answer = await call();
    await bed.gate();
    return answer;
  }
  const watched: Store = {
    get: (key) => through('reads', () => store.get(key)),
    list: (partition, options) => through('reads', () => store.list(partition, options)),
    put: (key, value, options) => through('writes', () => store.put(key, value, options)),
    remove: (key, expected) => through('writes', () => store.remove(key, expected)),
    close: () => store.close(),
  };
  return bed;
}

/** How many of so many runs, one after another, are within the limits. */
export async function runs(limits: Limits, count: number, claims: TokenClaims, container = 'shop'): Promise<number> {
  let passed = 0;
  for (let i = 0; i < count; i++) if (await isWithin(limits, claims, container)) passed += 1;
  return passed;
}

/** Whether a run is within its limits. Anything else than that they are used up throws. */
export async function isWithin(limits: Limits, claims: TokenClaims, container = 'shop'): Promise<boolean> {
  try {
    await limits.charge(claims, container);
    return true;
  } catch (error) {
    if (error instanceof WebtaskError && error.code === 'LIMIT_EXCEEDED') return false;
    throw error;
  }
}
