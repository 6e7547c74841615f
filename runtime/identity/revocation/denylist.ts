import { CLOCKS_DIFFER } from './clock.ts';
import type { RevocationEntry, RevocationKind } from './entry.ts';
import { ALWAYS, createTable, NEVER, type Table, type TableParts } from './table.ts';

/** What is forbidden, in memory. */
export interface Denylist {
  /** Adds an entry, in any order and any number of times. */
  add(entry: Pick<RevocationEntry, 'kind' | 'key' | 'notBefore' | 'expires'>): void;
  /** The latest second of issue that an entry forbids: {@link ALWAYS} for every one, -1 where there is no entry. */
  find(key: string): number;
  /** The kinds of which there ever were entries; the same list as long as there come no others. */
  kinds(): readonly RevocationKind[];
  /** Whether there may be entries of a kind at a time: without, nobody has to make keys to look for them. */
  mayHave(kind: RevocationKind, time: number): boolean;
  /** Lets go of some of what has ended. */
  sweep(): void;
  /** Forgets everything. */
  clear(): void;
  table(): Table;
  /** When the last entry of each kind ends. */
  ends(): Readonly<Partial<Record<RevocationKind, number>>>;
}

/**
 * Makes a denylist. Entries outlive their tokens by what clocks may differ.
 *
 * @param now - seconds since the epoch
 * @param kept - of another one, to go on with
 */
export function createDenylist(
  now: () => number,
  kept?: { readonly parts: TableParts; readonly ends: ReturnType<Denylist['ends']> },
): Denylist {
  let table = createTable(kept?.parts);
  let ends: Partial<Record<RevocationKind, number>> = { ...kept?.ends };
  let kinds = kindsOf(ends);
  return {
    add({ kind, key, notBefore = ALWAYS, expires }) {
      const end = expires === undefined ? NEVER : Math.min(expires + CLOCKS_DIFFER, NEVER - 1);
      const time = now();
      if (end <= time) return;
      table.add(key, notBefore, end, time);
      ends[kind] = Math.max(ends[kind] ?? 0, end);
      if (!kinds.includes(kind)) kinds = kindsOf(ends);
    },
    find: (key) => table.find(key),
    kinds: () => kinds,
    mayHave: (kind, time) => (ends[kind] ?? 0) > time,
    sweep: () => table.sweep(now()),
    clear() {
      table = createTable();
      ends = {};
      kinds = [];
    },
    table: () => table,
    ends: () => ends,
  };
}

function kindsOf(ends: ReturnType<Denylist['ends']>): readonly RevocationKind[] {
  return Object.keys(ends) as RevocationKind[]; // as its type says
}
