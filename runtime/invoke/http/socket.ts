import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

const HERE = '127.0.0.1';

/**
 * Makes the socket that a request and its response believe to be on.
 *
 * Nothing flows through it; it lives, closes and answers questions as a loopback connection does.
 *
 * @param address - IP address of the other side
 */
export function createSocket(address = HERE): Socket {
  // A Duplex with what http and its middleware ask of a socket; a real one needs a connection.
  return new StandInSocket(address) as unknown as Socket;
}

class StandInSocket extends Duplex {
  readonly remoteAddress: string;
  readonly remoteFamily: 'IPv4' | 'IPv6';
  readonly remotePort = 0;
  readonly localAddress = HERE;
  readonly localPort = 0;

  constructor(address: string) {
    super(CLOSES_ITSELF);
    this.remoteAddress = address;
    this.remoteFamily = address.includes(':') ? 'IPv6' : 'IPv4';
    this.on('error', ignore); // a server listens too: an error of a connection ends no process
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  override _final(done: () => void): void {
    done();
    this.destroy(); // the other side closes too
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    done(error);
    setImmediate(() => this.emit('close', error !== null));
  }

  address(): object {
    return { address: HERE, family: 'IPv4', port: 0 };
  }

  destroySoon(): void {
    this.destroy();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** As in net: the stream is destroyed at once, and the connection says a turn later that it is closed. */
const CLOSES_ITSELF = { emitClose: false };

function ignore(): void {}
