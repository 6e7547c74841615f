import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Where a response goes, in order: the head once, then bytes, then the end. */
export interface ResponseSink {
  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void;
  /** @returns whether more is wanted now; if not, {@link StreamedResponse.drained} says when. */
  write(bytes: Buffer): boolean;
  end(): void;
}

/** The parts of OutgoingMessage that have no public type, and that every Node from 20 to 24 has. */
interface OutgoingInternals {
  _header: string | null;
  _headerSent: boolean;
  _hasBody: boolean;
  _contentLength: number | null;
  _removedContLen: boolean;
  chunkedEncoding: boolean;
  /** Public since Node 15, and missing from the types. */
  getRawHeaderNames(): string[];
}

/**
 * A real `http.ServerResponse` that gives head and body to a sink in place of writing HTTP to a socket.
 *
 * All of Node's own rules stay in force: implicit heads, `writeHead` after `setHeader`, HEAD, 204 and 304 without a
 * body, errors for a second head, `finish` and `drain`.
 */
export class StreamedResponse extends ServerResponse {
  readonly #sink: ResponseSink;
  #ended = false;
  #draining = false;

  constructor(req: IncomingMessage, sink: ResponseSink) {
    super(req);
    this.#sink = sink;
    // The real connection, wherever it is, adds these.
    this.sendDate = false;
    this.useChunkedEncodingByDefault = false;
    // Node keeps its own answer in a private field that only a socket resets.
    Object.defineProperty(this, 'writableNeedDrain', { get: () => this.#draining && !this.destroyed });
  }

  override writeHead(
    status: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    if (!this.headersSent) {
      // With one header already set, Node merges those given here into the ones that can be read back.
      this.setHeader('x', '');
      this.removeHeader('x');
    }
    if (typeof reason === 'string') super.writeHead(status, reason, headers);
    else super.writeHead(status, reason ?? headers);
    this.#internals.chunkedEncoding = false; // framing is the real connection's work
    return this;
  }

  override end(...args: unknown[]): this {
    // The overloads of end() all begin with the same code, so one call serves them.
    super.end(...(args as Parameters<ServerResponse['end']>));
    if (!this.#ended && this.writableEnded) {
      this.#ended = true;
      this.#sink.end();
    }
    return this;
  }

  /** Called by the sink's owner when the sink wants more after it had enough. */
  drained(): void {
    if (!this.#draining) return;
    this.#draining = false;
    this.emit('drain');
  }

  /** What OutgoingMessage calls with each piece of a body, head included where it is the first. */
  _send(data: string | Uint8Array, encoding?: BufferEncoding | (() => void) | null, callback?: () => void): boolean {
    this.#sendHead();
    const done = typeof encoding === 'function' ? encoding : callback;
    let more = true;
    if (data.length > 0) {
      const bytes = typeof data === 'string' ? Buffer.from(data, bufferEncoding(encoding)) : Buffer.from(data);
      more = this.#sink.write(bytes);
    }
    if (!more) this.#draining = true;
    if (done) process.nextTick(done);
    return more;
  }

  /** What OutgoingMessage calls for informational responses, which end here. */
  _writeRaw(_data: unknown, encoding?: unknown, callback?: () => void): boolean {
    const done = typeof encoding === 'function' ? (encoding as () => void) : callback;
    if (done) process.nextTick(done);
    return true;
  }

  #sendHead(): void {
    const internals = this.#internals;
    if (internals._headerSent || internals._header === null) return;
    internals._headerSent = true;
    this.#sink.head(this.statusCode, this.statusMessage, this.#rawHeaders());
  }

  #rawHeaders(): string[] {
    const raw: string[] = [];
    for (const name of this.#internals.getRawHeaderNames()) {
      const value = this.getHeader(name);
      for (const item of Array.isArray(value) ? value : [value]) raw.push(name, String(item));
    }
    const { _hasBody, _contentLength, _removedContLen } = this.#internals;
    const framed = this.hasHeader('content-length') || this.hasHeader('transfer-encoding') || _removedContLen;
    if (_hasBody && !framed && typeof _contentLength === 'number') raw.push('Content-Length', String(_contentLength));
    return raw;
  }

  get #internals(): OutgoingInternals {
    return this as unknown as OutgoingInternals; // see OutgoingInternals
  }
}

function bufferEncoding(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
}
