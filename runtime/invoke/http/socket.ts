import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * Makes the socket that a request and its response believe to be on.
 *
 * Nothing flows through it; it lives, closes and answers questions as a loopback connection does.
 *
 * @param address - IP address of the other side
 */
export function createSocket(address = '127.0.0.1'): Socket {
  const socket: Duplex = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => done(),
    final: (done) => void [done(), socket.destroy()], // the other side closes too
    // As in net: the stream is destroyed at once, and the connection says a turn later that it is closed.
    emitClose: false,
    destroy(error, done) {
      done(error);
      setImmediate(() => socket.emit('close', error !== null));
    },
  });
  socket.on('error', () => undefined); // a server listens too: an error of a connection ends no process
  const itself = () => socket;
  Object.assign(socket, {
    remoteAddress: address,
    remoteFamily: address.includes(':') ? 'IPv6' : 'IPv4',
    remotePort: 0,
    localAddress: '127.0.0.1',
    localPort: 0,
    address: () => ({ address: '127.0.0.1', family: 'IPv4', port: 0 }),
    setTimeout: itself,
    setNoDelay: itself,
    setKeepAlive: itself,
    ref: itself,
    unref: itself,
    destroySoon: () => socket.destroy(),
  });
  // A Duplex with what http and its middleware ask of a socket; a real one needs a connection.
  return socket as unknown as Socket;
}
