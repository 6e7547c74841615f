import { type IncomingMessage, ServerResponse } from 'node:http';

/** Where a response goes, in order: the head once, then bytes. Its end is the event `finish`. */
export interface ResponseSink {
  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void;
  /** @returns whether more is wanted now; if not, {@link StreamedResponse.drained} is called when it is. */
  write(bytes: Buffer): boolean;
}

type Done = (error?: Error) => void;

/** The parts of OutgoingMessage that have no public type, and that every Node from 20 to 24 has. */
interface OutgoingInternals {
  _header: string | null;
  _headerSent: boolean;
  _closed: boolean;
  chunkedEncoding: boolean;
  /** Bytes that wait: `writableLength` and `writableFinished` follow from it. */
  outputSize: number;
}

/**
 * A real `http.ServerResponse` that gives head and body to a sink in place of writing HTTP to a socket.
 *
 * All of Node's own rules stay in force: implicit heads, `writeHead` after `setHeader`, HEAD, 204 and 304 without a
 * body, errors for a second head, `finish` and `drain`.
 */
export class StreamedResponse extends ServerResponse {
  readonly #sink: ResponseSink;
  /** Called when the bytes written until now have gone. */
  #waiting: Done[] = [];
  #isFull = false;
  #isScheduled = false;
  #needsDrain = false;

  static {
    // Node keeps its own answer in a private field that only a socket resets.
    Object.defineProperty(StreamedResponse.prototype, 'writableNeedDrain', {
      get(this: StreamedResponse) {
        return this.#needsDrain && !this.destroyed && !this.writableEnded;
      },
    });
  }

  constructor(req: IncomingMessage, sink: ResponseSink) {
    super(req);
    this.#sink = sink;
    // The real connection, wherever it is, adds these.
    this.removeHeader('date');
    this.removeHeader('connection');
  }

  override writeHead(...args: unknown[]): this {
    // The overloads of writeHead() all begin with the same code, so one call serves them.
    super.writeHead(...(args as Parameters<ServerResponse['writeHead']>));
    this.#internals.chunkedEncoding = false; // framing is the real connection's work
    return this;
  }

  /** The name that writeHead() had, which old webtasks call. */
  writeHeader(...args: unknown[]): this {
    return this.writeHead(...args);
  }

  /** Whether the sink has enough for now, so that it has to say when it wants more. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Called when the sink wants more after it had enough. */
  drained(): void {
    if (this.#isFull) this.#gone();
  }

  /** Called when the connection was closed before everything had gone. */
  cutOff(error: Error): void {
    this.#callWaiting(error);
  }

  /** Called when everything has gone and nobody is listening any more. */
  leave(): void {
    if (this.#internals._closed) return;
    this.destroyed = true;
    this.#internals._closed = true;
    this.emit('close');
  }

  /** What OutgoingMessage calls with each piece of a body, the end included, which is empty. */
  _send(data: string | Uint8Array, encoding?: BufferEncoding | Done | null, callback?: Done | null): boolean {
    if (this.socket?.destroyed) return false;
    this.#sendHead();
    if (data.length > 0) {
      // A copy, since its owner may write to it again.
      const bytes = typeof data === 'string' ? Buffer.from(data, encoding as BufferEncoding) : Buffer.from(data);
      if (!this.#sink.write(bytes)) this.#isFull = this.#needsDrain = true;
      if (this.#isFull) this.#internals.outputSize += bytes.length;
    }
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) this.#waiting.push(done);
    if (!this.#isFull && !this.#isScheduled) {
      this.#isScheduled = true;
      process.nextTick(() => {
        this.#isScheduled = false;
        if (!this.#isFull) this.#gone();
      });
    }
    return !this.#isFull;
  }

  /** What OutgoingMessage calls for informational responses, which end here. */
  _writeRaw(_data: unknown, encoding?: unknown, callback?: Done): boolean {
    const done = typeof encoding === 'function' ? (encoding as Done) : callback;
    if (done) process.nextTick(done);
    return true;
  }

  /** In the order of a socket: first `drain`, then what waited. */
  #gone(): void {
    this.#isFull = false;
    this.#internals.outputSize = 0;
    if (this.writableNeedDrain) {
      this.#needsDrain = false;
      this.emit('drain');
    }
    this.#callWaiting();
  }

  #callWaiting(error?: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done(error);
  }

  #sendHead(): void {
    const internals = this.#internals;
    if (internals._headerSent || internals._header === null) return;
    internals._headerSent = true;
    this.#sink.head(this.statusCode, this.statusMessage, readHead(internals._header));
  }

  get #internals(): OutgoingInternals {
    return this as unknown as OutgoingInternals; // see OutgoingInternals
  }
}

/**
 * Reads the headers of a head that Node has written: it alone knows how names repeat and what is told of the length.
 */
function readHead(head: string): string[] {
  // Only Node's own reading of Content-Disposition leaves Latin-1, and then goes out in UTF-8.
  const text = /[^\0-\xff]/.test(head) ? Buffer.from(head).toString('latin1') : head;
  const raw: string[] = [];
  let start = text.indexOf('\r\n') + 2;
  for (let end = text.indexOf('\r\n', start); end > start; end = text.indexOf('\r\n', start)) {
    const colon = text.indexOf(':', start);
    const name = text.slice(start, colon);
    if (name.toLowerCase() !== 'transfer-encoding') raw.push(name, text.slice(colon + 2, end));
    start = end + 2;
  }
  return raw;
}
