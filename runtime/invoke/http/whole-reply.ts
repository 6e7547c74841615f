import { Readable } from 'node:stream';

/** An answer that is all there. A stream is made of it only for whoever wants one. */
export class WholeReply {
  readonly status: number;
  readonly statusMessage: string;
  readonly rawHeaders: readonly string[];
  readonly whole: Buffer;
  #body: Readable | undefined;

  constructor(status: number, statusMessage: string, rawHeaders: readonly string[], whole: Buffer) {
    this.status = status;
    this.statusMessage = statusMessage;
    this.rawHeaders = rawHeaders;
    this.whole = whole;
  }

  get body(): Readable {
    this.#body ??= streamOf(this.whole);
    return this.#body;
  }
}

function streamOf(bytes: Buffer): Readable {
  const stream = new Readable({ read: () => undefined });
  if (bytes.length > 0) stream.push(bytes);
  stream.push(null);
  return stream;
}
