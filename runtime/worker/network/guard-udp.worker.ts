import { Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { Refuse } from './seat-belt.worker.ts';

type Callback = (error: Error | null) => void;

/** Has sockets of UDP send to no address that is refused. Names are looked up here, so that what was looked at is what is used. */
export function guardUdp(refuse: Refuse): void {
  for (const method of ['send', 'connect'] as const) {
    const original = Socket.prototype[method] as (this: Socket, ...args: unknown[]) => void;
    Socket.prototype[method] = function (this: Socket, ...args: unknown[]): void {
      if (method === 'send' && isConnected(this)) {
        original.apply(this, args);
        return;
      }
      // The first is the message, which may be a string, or the port.
      const at = args.findIndex((it, index) => index > 0 && typeof it === 'string' && !/^\d+$/.test(it));
      const host = at < 0 ? 'localhost' : String(args[at]);
      const callback = args.find((it): it is Callback => typeof it === 'function');
      const fail = (error: Error): void => void (callback ? callback(error) : this.emit('error', error));
      resolve(this, host, (error, address) => {
        const problem = error ?? refuse(method, host, address, undefined);
        if (problem) fail(problem);
        else original.apply(this, args.with(at, address)); // to the default, which is local, it was refused
      });
    } as never; // each has its own list of arguments
  }
}

function isConnected(socket: Socket): boolean {
  try {
    socket.remoteAddress();
    return true;
  } catch {
    return false;
  }
}

function resolve(socket: Socket, host: string, done: (error: Error | null, address: string) => void): void {
  if (isIP(host)) process.nextTick(done, null, host);
  else lookup(host, { family: (socket as unknown as { type: string }).type === 'udp6' ? 6 : 4 }, done); // not in its types
}
