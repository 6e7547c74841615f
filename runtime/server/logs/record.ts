import { hostname } from 'node:os';
import type { OutputLevel } from '../../invoke/index.ts';

/** Something to tell the readers of a container's logs. */
export interface LogEntry {
  readonly container: string;
  /** The webtask's name; none for an anonymous run. */
  readonly name?: string | undefined;
  /** The id of the request that it belongs to. */
  readonly requestId?: string | undefined;
  readonly level: OutputLevel;
  /** Secrets masked. */
  readonly text: string;
  /** Who says it. */
  readonly from: 'webtask' | 'platform';
  /** What else a platform line tells. */
  readonly fields?: Readonly<Record<string, string | number | undefined>> | undefined;
}

/** A record as bunyan writes them, and its tools read them. */
export interface LogRecord extends Readonly<Record<string, unknown>> {
  readonly v: 0;
  /** The program. The webtask's name is `webtask`. */
  readonly name: 'webtask';
  readonly hostname: string;
  readonly pid: number;
  readonly level: OutputLevel;
  /** ISO 8601. */
  readonly time: string;
  readonly msg: string;
  readonly container: string;
  readonly webtask?: string;
  readonly req_id?: string;
  readonly from: 'webtask' | 'platform';
}

/** Characters. A record is one event, which the original client wants in one piece. */
const MAX_TEXT = 16 * 1024;

/**
 * Makes the record of an entry.
 *
 * @param now - milliseconds since the epoch
 * @see protocol reference 6.4
 */
export function toRecord({ container, name, requestId, level, text, from, fields }: LogEntry, now: number): LogRecord {
  const tooLong = text.length - MAX_TEXT;
  return {
    v: 0,
    name: 'webtask',
    hostname: hostname(),
    pid: process.pid,
    level,
    time: new Date(now).toISOString(),
    msg: tooLong > 0 ? `${text.slice(0, MAX_TEXT)}… and ${tooLong} characters more` : text,
    container,
    ...(name !== undefined && { webtask: name }),
    ...(requestId !== undefined && { req_id: requestId }),
    from,
    ...fields,
  };
}
