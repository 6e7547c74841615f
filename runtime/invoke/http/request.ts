import type { AsyncResource } from 'node:async_hooks';
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { RunRequest } from '../types.ts';

/**
 * Makes a real `http.IncomingMessage` of a request that was parsed elsewhere.
 *
 * @param request - a body that is a stream is read only as fast as the webtask reads
 * @param run - what the events of a streamed body belong to
 */
export function createIncomingMessage(request: RunRequest, socket: Socket, run: AsyncResource): IncomingMessage {
  const { body } = request;
  const message = body instanceof Readable ? new StreamedRequest(socket, body, run) : new IncomingMessage(socket);
  message.httpVersion = '1.1';
  message.httpVersionMajor = 1;
  message.httpVersionMinor = 1;
  message.method = request.method;
  message.url = request.url;
  // What the parser calls, so that `headers` follows Node's own rules for repeated names; it has no public name.
  const parsed = message as unknown as { _addHeaderLines(headers: string[], length: number): void };
  parsed._addHeaderLines([...request.rawHeaders], request.rawHeaders.length);
  if (!(body instanceof Readable)) {
    if (body !== undefined && body.length > 0) message.push(body);
    message.complete = true;
    message.push(null);
  }
  return message;
}

/** An IncomingMessage that reads from a stream in place of a parser. */
class StreamedRequest extends IncomingMessage {
  readonly #source: Readable;
  readonly #run: AsyncResource;
  #isStarted = false;
  #wantsMore = false;

  constructor(socket: Socket, source: Readable, run: AsyncResource) {
    super(socket);
    this.#source = source;
    this.#run = run;
    // Its own: express gives each request another prototype, which would take the method away.
    Object.assign(this, { _read: StreamedRequest.prototype._read });
  }

  override _read(size: number): void {
    super._read(size);
    this.#wantsMore = true;
    if (this.#isStarted) this.#pump();
    else this.#start();
  }

  #start(): void {
    this.#isStarted = true;
    this.#source
      .on('readable', () => this.#later(() => this.#pump()))
      .on('end', () => this.#later(() => this.#end()))
      .on('error', () => this.#later(() => this.#breakOff()))
      .on('close', () => this.#later(() => this.#breakOff()));
  }

  #pump(): void {
    while (this.#wantsMore) {
      const chunk: Buffer | null = this.#source.read();
      if (chunk === null) return;
      this.#wantsMore = false; // a listener may come to ask for more
      if (this.push(chunk)) this.#wantsMore = true;
    }
  }

  #end(): void {
    this.complete = true;
    this.push(null);
  }

  /** A body that breaks off is a connection that is gone: the webtask sees `aborted`, as with a real one. */
  #breakOff(): void {
    if (!this.complete) this.socket.destroy();
  }

  /** A turn of its own: what a listener of the webtask throws would break the parser that a source is read from. */
  #later(call: () => void): void {
    this.#run.runInAsyncScope(setImmediate, null, call);
  }
}
