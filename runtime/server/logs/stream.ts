import type { ServerResponse } from 'node:http';
import type { Framing } from './framing.ts';
import type { LogReader, Logs } from './logs.ts';
import { toRecord } from './record.ts';

/** What a stream shows, and to whom. */
export interface StreamOptions {
  readonly logs: Logs;
  readonly container: string;
  /** The one webtask that is wanted. */
  readonly name?: string | undefined;
  readonly framing: Framing;
  /** Rejects when the reader may not read any more. */
  readonly check: () => Promise<unknown>;
}

/** Milliseconds. The original client in a browser gives up after 20 s of silence. */
const PING_EVERY = 15_000;
/** Bytes that wait for a reader; a webtask that prints much at once gives nobody the time to read. */
const MAX_WAITING = 4 * 1024 * 1024;
/** Milliseconds that a reader has to take what is still to be sent, when its stream ends. A stop of the server waits for none. */
const PATIENCE = 10_000;

/**
 * Streams the logs of a container, from now on, until the reader goes, is too slow, may not read any more, or the
 * server stops. Why it ended is its last record.
 *
 * Each record is one write, which the original client depends on. Nobody waits for a reader: what it does not take is
 * buffered up to a bound.
 *
 * @see protocol reference 6.4, 11.3
 */
export function streamLogs(res: ServerResponse, { logs, container, name, framing, check }: StreamOptions): void {
  let id = 0;
  let hasEnded = false;
  const reader: LogReader = {
    name,
    take: (json) => send(framing.record(json, ++id)),
    stop: () => end('this log stream was ended: the server stops'),
  };
  const pinging = setInterval(() => ping(), PING_EVERY).unref();
  const leave = (): void => {
    clearInterval(pinging);
    logs.remove(container, reader);
  };
  const end = (text: string): void => {
    if (hasEnded) return;
    hasEnded = true;
    const record = toRecord({ container, level: 40, text, from: 'platform' }, Date.now());
    res.end(framing.record(JSON.stringify(record), ++id));
    const timer = setTimeout(() => res.destroy(), PATIENCE);
    res.once('close', () => clearTimeout(timer));
  };
  const send = (text: string): void => {
    if (hasEnded) return;
    if (res.writableLength <= MAX_WAITING) res.write(text);
    else end('this log stream was ended: its reader is too slow, and records were lost');
  };
  const ping = (): void => {
    send(framing.ping);
    check().catch((error: Error) => end(`this log stream was ended: ${error.message}`));
  };

  res.writeHead(200, { 'Content-Type': framing.type, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  res.flushHeaders();
  res.on('error', () => undefined); // it closes, too
  res.once('close', leave);
  logs.add(container, reader);
}
