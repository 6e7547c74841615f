import type { LogItem } from './log.ts';

/** What logs have brought lately, for those who follow over HTTP. */
export interface Recent {
  /** Notes an item of a process's log. Those that come again, as where a reader goes back, are passed over. */
  note(writer: string, item: LogItem): void;
  /**
   * Gives the items of a log after a number.
   *
   * @returns nothing where not all of them are known any more
   */
  since(writer: string, number: number): readonly LogItem[] | undefined;
  /** Forgets every log but these. */
  retain(writers: ReadonlySet<string>): void;
  clear(): void;
}

/** Changes that are remembered, at least; twice as many at most, and an item. */
const MAX_CHANGES = 10_000;

/** Remembers the last items of each log, without holes: what lies before the first of them is to be had from the store. */
export function createRecent(): Recent {
  const logs = new Map<string, LogItem[]>();
  let changes = 0;

  const sizeOf = (items: readonly LogItem[]): number => items.reduce((sum, item) => sum + item.changes.length, 0);

  function keep(writer: string, items: LogItem[]): void {
    changes += sizeOf(items) - sizeOf(logs.get(writer) ?? []);
    if (items.length > 0) logs.set(writer, items);
    else logs.delete(writer);
  }

  /** Lets go of the older half of the longest log, and of more where that is not enough. */
  function makeRoom(): void {
    while (changes > MAX_CHANGES) {
      const [[writer, items]] = [...logs].sort(([, a], [, b]) => b.length - a.length) as [[string, LogItem[]]]; // not empty
      keep(writer, items.slice(Math.ceil(items.length / 2)));
    }
  }

  return {
    note(writer, item) {
      const items = logs.get(writer) ?? [];
      const last = items.at(-1)?.number ?? item.number - 1;
      if (item.number <= last) return;
      if (item.number > last + 1) keep(writer, []); // what lies between is not known
      const kept = logs.get(writer) ?? [];
      kept.push(item);
      logs.set(writer, kept);
      changes += item.changes.length;
      if (changes > 2 * MAX_CHANGES) makeRoom();
    },
    since(writer, number) {
      const items = logs.get(writer) ?? [];
      const [first] = items;
      if (!first || first.number > number + 1) return undefined;
      return items.slice(Math.max(0, number + 1 - first.number));
    },
    retain(writers) {
      for (const writer of logs.keys()) if (!writers.has(writer)) keep(writer, []);
    },
    clear() {
      logs.clear();
      changes = 0;
    },
  };
}
