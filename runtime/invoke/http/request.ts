import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { RunRequest } from '../run.ts';

/**
 * Makes a real `http.IncomingMessage` of a request that was parsed elsewhere.
 *
 * @param request - a body that is a stream is read only as fast as the webtask reads
 */
export function createIncomingMessage(request: RunRequest, socket: Socket): IncomingMessage {
  const message = new StreamedRequest(socket, request.body);
  message.httpVersion = '1.1';
  message.httpVersionMajor = 1;
  message.httpVersionMinor = 1;
  message.method = request.method;
  message.url = request.url;
  message.takeHeaders(request.rawHeaders);
  return message;
}

/** An IncomingMessage that reads from a stream in place of a parser. */
class StreamedRequest extends IncomingMessage {
  readonly #source: Readable;
  #started = false;

  constructor(socket: Socket, body: RunRequest['body']) {
    super(socket);
    this.#source =
      body instanceof Readable ? body : Readable.from(body === undefined || body.length === 0 ? [] : [toBuffer(body)]);
  }

  /** Hands over headers as a parser does: `headers` then follows Node's own rules for repeated names. */
  takeHeaders(rawHeaders: readonly string[]): void {
    // What the parser calls; it has no public name.
    const message = this as unknown as { _addHeaderLines(headers: string[], length: number): void };
    message._addHeaderLines([...rawHeaders], rawHeaders.length);
  }

  override _read(): void {
    if (this.#started) {
      this.#source.resume();
      return;
    }
    this.#started = true;
    this.#source
      .on('data', (chunk: Buffer) => {
        if (!this.push(chunk)) this.#source.pause();
      })
      .on('end', () => {
        this.complete = true;
        this.push(null);
      })
      .on('error', (error) => this.destroy(error))
      .on('close', () => {
        if (!this.complete) this.destroy();
      });
  }
}

function toBuffer(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}
