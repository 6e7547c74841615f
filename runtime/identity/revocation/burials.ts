import { fail } from '../../errors.ts';
import type { Item, Store } from '../../store/index.ts';
import { MEMBERS } from './heartbeat.ts';

/** Whose logs were removed from the store. */
export interface Burials {
  /** How many there were since the store is there. */
  readonly count: number;
  /** The last of them, the latest at the end: each process, and the last number that it had announced. */
  readonly last: readonly (readonly [writer: string, number: number])[];
}

/** Behind every id of a process: who lists them all and misses one has read here why. */
export const BURIALS = { partition: MEMBERS, sort: '~burials' } as const;

export const NO_BURIALS: Burials = { count: 0, last: [] };

/** Who has seen none of so many begins anew. */
const MAX_LAST = 256;
/** Each of them means that somebody else is noted meanwhile. */
const MAX_ATTEMPTS = 100;

/**
 * Notes that the log of a process will be removed, before it is.
 *
 * @param number - the last that the process has announced
 * @throws STORE_UNREACHABLE
 */
export async function noteBurial(store: Store, writer: string, number: number): Promise<void> {
  let current = await store.get(BURIALS);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const { count, last } = current ? toBurials(current) : NO_BURIALS;
    if (last.some(([id, at]) => id === writer && at === number)) return;
    const value: Burials = { count: count + 1, last: [...last.slice(1 - MAX_LAST), [writer, number]] };
    const written = await store.put(BURIALS, value, { expected: current?.version ?? null });
    if (written.ok) return;
    current = written.current;
  }
  fail('STORE_UNREACHABLE', { reason: 'it takes no note of who has ended' });
}

/** Those after the first so many; nothing where they are not all known any more. */
export function burialsSince({ count, last }: Burials, since: number): Burials['last'] | undefined {
  const missed = Math.max(0, count - since);
  return missed > last.length ? undefined : last.slice(last.length - missed);
}

/** Reads what was noted. */
export function toBurials({ value }: Item): Burials {
  return value as Burials; // as it was written here
}
