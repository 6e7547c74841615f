import { type IncomingMessage, ServerResponse } from 'node:http';
import { lendBuffer, MAX_LENT_BYTES } from './lend-buffer.ts';

/** As it is before a webtask may replace it. */
const { nextTick } = process;

/** Where a response goes: in one piece where it ends in the turn in which it begins; otherwise head, then bytes. */
export interface ResponseSink {
  /** Whether an answer may be kept until the end of its turn, to be given in one piece. */
  readonly takesWhole: boolean;
  /** Its end is the event `finish`, as that of the others. */
  whole(status: number, statusMessage: string, rawHeaders: readonly string[], bytes: Buffer): void;
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
  _hasBody: boolean;
  chunkedEncoding: boolean;
  /** Bytes that wait: `writableLength` and `writableFinished` follow from it. */
  outputSize: number;
  _storeHeader(firstLine: string, headers: unknown): void;
}

/** A head that waits for the end of its turn, and what follows it. */
interface Begun {
  readonly status: number;
  readonly statusMessage: string;
  readonly rawHeaders: readonly string[];
  readonly pieces: Buffer[];
  size: number;
}

/** Bytes of an answer that may be kept for it to end; what is larger goes as it comes. */
const MAX_WHOLE_BYTES = 256 << 10;
/** Bytes of an answer that may be kept as long as it is not said to end. */
const MAX_BEGUN_BYTES = 16 << 10;
const NO_BYTES = Buffer.alloc(0);
/** The first line of a head that is no answer yet. @see RFC 9110 section 15.2 */
const INFORMATIONAL = /^\S+ 1\d\d /;

const NATIVE = ServerResponse.prototype as unknown as OutgoingInternals; // see there

/**
 * A real `http.ServerResponse` that gives head and body to a sink in place of writing HTTP to a socket.
 *
 * All of Node's own rules stay in force: implicit heads, `writeHead` after `setHeader`, HEAD, 204 and 304 without a
 * body, errors for a second head, `finish` and `drain`.
 */
export class StreamedResponse extends ServerResponse {
  readonly #sink: ResponseSink;
  /** To be called when the bytes written until now have gone. */
  #waiting: Done[] = [];
  #isFull = false;
  #isScheduled = false;
  #isEnding = false;
  #begun: Begun | undefined;

  constructor(req: IncomingMessage, sink: ResponseSink) {
    super(req);
    this.#sink = sink;
    Object.assign(this, OWN);
    // The real connection, wherever it is, adds these.
    this.removeHeader('date');
    this.removeHeader('connection');
  }

  /** Whether the sink has enough for now. */
  isFull(): boolean {
    return this.#isFull;
  }

  /** Called when the sink wants more after it had enough. */
  drained(): void {
    if (!this.#isFull) return;
    const needsDrain = this.writableNeedDrain;
    this.#isFull = false;
    this.#internals.outputSize = 0;
    if (needsDrain) this.emit('drain');
    if (!this.#isFull) this.#callWaiting();
  }

  /** Called when the connection was closed before everything had gone. */
  cutOff(error: Error): void {
    this.#callWaiting(error);
  }

  /** Called when everything has gone, and nobody listens any more. */
  leave(): void {
    if (this.#internals._closed) return;
    this.destroyed = true;
    this.#internals._closed = true;
    this.emit('close');
  }

  /** What Node calls for writeHead(), for writeHeader(), its name of old, and for heads that are implied. */
  _storeHeader(firstLine: string, headers: unknown): void {
    if (INFORMATIONAL.test(firstLine)) this.#refuseInformational();
    NATIVE._storeHeader.call(this, firstLine, headers);
    this.#internals.chunkedEncoding = false; // framing is the real connection's work too
  }

  /** What Node calls with each piece of a body, and at the end with nothing. */
  _send(data: string | Uint8Array, encoding?: BufferEncoding | Done | null, callback?: Done | null): boolean {
    if (this.socket?.destroyed) return false;
    const internals = this.#internals;
    if (!internals._headerSent && internals._header !== null) {
      internals._headerSent = true;
      const { statusCode: status, statusMessage } = this;
      this.#begun = { status, statusMessage, rawHeaders: readHead(internals._header), pieces: [], size: 0 };
      if (!this.#sink.takesWhole) this.#go();
    }
    // Of a text Node passes on an encoding that it knows.
    if (typeof data === 'string') this.#write(Buffer.from(data, encoding as BufferEncoding));
    else for (const piece of copiesOf(data)) this.#write(piece);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) this.#waiting.push(done);
    if (!this.#isFull && !this.#isScheduled) {
      this.#isScheduled = true;
      nextTick(() => this.endTurn());
    }
    return !this.#isFull;
  }

  override end(...args: unknown[]): this {
    this.#isEnding = true;
    // Its three overloads cannot be spelled as one call.
    ServerResponse.prototype.end.apply(this, args as Parameters<ServerResponse['end']>);
    return this;
  }

  /** What has come of the answer in this turn is all of it, or its beginning. */
  endTurn(): void {
    this.#isScheduled = false;
    this.#go();
    if (!this.#isFull) this.#callWaiting();
  }

  /** What follows a status of 1xx is the answer, for which the caller would wait. Another one can still be given. */
  #refuseInformational(): never {
    const { statusCode } = this;
    this.#internals._hasBody = this.req.method !== 'HEAD';
    this.statusCode = 200;
    throw Object.assign(new RangeError(`Invalid status code: ${statusCode} is informational, and no answer`), {
      code: 'ERR_HTTP_INVALID_STATUS_CODE',
    });
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const begun = this.#begun;
    if (begun) {
      begun.pieces.push(bytes);
      begun.size += bytes.length;
      if (begun.size > (this.#isEnding ? MAX_WHOLE_BYTES : MAX_BEGUN_BYTES)) this.#go();
    } else if (!this.#sink.write(bytes)) this.#becomeFull();
    if (this.#isFull) this.#internals.outputSize += bytes.length;
  }

  /** Lets go of what was kept. */
  #go(): void {
    const begun = this.#begun;
    if (!begun) return;
    this.#begun = undefined;
    const { status, statusMessage, rawHeaders, pieces, size } = begun;
    if (this.writableEnded && this.#sink.takesWhole) {
      const [first = NO_BYTES] = pieces;
      this.#sink.whole(status, statusMessage, rawHeaders, pieces.length > 1 ? Buffer.concat(pieces, size) : first);
      return;
    }
    this.#sink.head(status, statusMessage, rawHeaders);
    for (const piece of pieces) if (!this.#sink.write(piece)) this.#becomeFull();
  }

  /** What Node calls with informational responses, which end here. */
  _writeRaw(_data: string, encoding?: string | Done, callback?: Done): boolean {
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) nextTick(done);
    return true;
  }

  #becomeFull(): void {
    this.#isFull = true;
    // Node keeps its own answer in a private field that only a socket resets.
    Object.defineProperty(this, 'writableNeedDrain', { get: this.#needsDrain, configurable: true });
  }

  #needsDrain(): boolean {
    return this.#isFull && !this.destroyed && !this.writableEnded;
  }

  #callWaiting(error?: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done(error);
  }

  get #internals(): OutgoingInternals {
    return this as unknown as OutgoingInternals; // see OutgoingInternals
  }
}

/** Copied to each response: express gives it another prototype, which would take these away. */
const OWN = (({ isFull, drained, cutOff, leave, endTurn, _storeHeader, _send, _writeRaw }: StreamedResponse) => ({
  isFull,
  drained,
  cutOff,
  leave,
  endTurn,
  _storeHeader,
  _send,
  _writeRaw,
}))(StreamedResponse.prototype);

/** Of bytes whose owner may write to them again. */
function* copiesOf(bytes: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += MAX_LENT_BYTES) {
    const piece = bytes.subarray(at, at + MAX_LENT_BYTES);
    const copy = lendBuffer(piece.length);
    copy.set(piece);
    yield copy;
  }
}

/** Reads the headers of a head that Node wrote: it knows best how names repeat and what is said of the length. */
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
