import { type LogEntry, toRecord } from './record.ts';

/** Somebody who reads the logs of a container. */
export interface LogReader {
  /** The one webtask whose records are wanted. */
  readonly name?: string | undefined;
  /** Takes a record as JSON, and does not keep whoever writes it waiting. */
  take(json: string): void;
  /** The server stops. */
  stop(): void;
}

/** What runs on this server is told to whoever reads it now, and kept nowhere. */
export interface Logs {
  /** Whether anybody reads a container. Where nobody does, nothing need be made. */
  isRead(container: string): boolean;
  write(entry: LogEntry): void;
  /** Adds a reader, or stops it where the server has stopped. */
  add(container: string, reader: LogReader): void;
  remove(container: string, reader: LogReader): void;
  /** How many read a container now. */
  count(container: string): number;
  /** How many read any container now. */
  countAll(): number;
  /** Stops every reader. */
  close(): void;
}

/**
 * Makes the logs of a server.
 *
 * @example
 * const logs = createLogs();
 * if (logs.isRead('dev')) logs.write({ container: 'dev', level: 30, text: 'hello', from: 'webtask' });
 */
export function createLogs(): Logs {
  const readers = new Map<string, Set<LogReader>>();
  let isClosed = false;
  return {
    isRead: (container) => readers.has(container),
    write(entry) {
      const found = readers.get(entry.container);
      if (!found) return;
      const json = JSON.stringify(toRecord(entry, Date.now()));
      for (const reader of found) {
        if (reader.name === undefined || reader.name === entry.name) reader.take(json);
      }
    },
    add(container, reader) {
      const others = readers.get(container);
      if (isClosed) reader.stop();
      else if (others) others.add(reader);
      else readers.set(container, new Set([reader]));
    },
    remove(container, reader) {
      const found = readers.get(container);
      if (found?.delete(reader) && found.size === 0) readers.delete(container);
    },
    count: (container) => readers.get(container)?.size ?? 0,
    countAll: () => [...readers.values()].reduce((sum, { size }) => sum + size, 0),
    close() {
      isClosed = true;
      for (const found of [...readers.values()]) for (const reader of [...found]) reader.stop();
    },
  };
}
