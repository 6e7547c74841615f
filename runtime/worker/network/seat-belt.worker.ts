import { type LookupAddress, lookup as lookUp } from 'node:dns';
import { isIP, type LookupFunction, Socket } from 'node:net';
import { isPublicAddress } from '../../code/public-address.ts';
import { guardUdp } from './guard-udp.worker.ts';
import type { NetworkPolicy } from './policy.ts';

/** Says why there is no connection to an address, or undefined where there may be one. */
export type Refuse = (
  syscall: string,
  host: string,
  address: string,
  port: unknown,
) => NodeJS.ErrnoException | undefined;

/**
 * Has this process connect to nothing that the policy of the network does not allow, whatever a name leads to.
 *
 * It is a seat belt: it holds code that means no harm. Other code of the same process can take it off.
 *
 * @see protocol reference 2.9
 */
export function wearSeatBelt(policy: NetworkPolicy): void {
  if (policy === 'all') return;
  const refuse: Refuse = (syscall, host, address, port) => {
    if (policy === 'public' && isPublicAddress(address)) return undefined;
    const to = [host === address ? address : `${host} (${address})`, port].filter((it) => it !== undefined).join(':');
    const message = `${syscall} EACCES ${to}: the network policy of this server is ${policy}`;
    return Object.assign(new Error(message), { code: 'EACCES', errno: -13, syscall, address, port });
  };
  guardTcp(refuse);
  guardUdp(refuse);
}

/** TLS, HTTP and fetch connect through it. */
function guardTcp(refuse: Refuse): void {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...given: unknown[]): Socket {
    const { options, rest } = optionsOf(given);
    const { path, host = 'localhost', port } = options;
    // The agent of HTTP says null where there is no path.
    const isPath = typeof path === 'string';
    const error = isPath ? refuse('connect', path, path, undefined) : isIP(host) && refuse('connect', host, host, port);
    if (error) {
      process.nextTick(() => this.destroy(error));
      return this;
    }
    const lookup = checked(options.lookup ?? (lookUp as LookupFunction), (address) =>
      refuse('connect', host, address, port),
    );
    return connect.call(this, { ...options, lookup } as never, ...(rest as []));
  } as typeof connect;
}

interface ConnectOptions {
  readonly path?: string | null;
  readonly host?: string;
  readonly port?: unknown;
  readonly lookup?: LookupFunction;
}

/** What `connect` takes: options, a port with a host, the path of a socket, or what `net.connect` made of them. */
function optionsOf(given: readonly unknown[]): { options: ConnectOptions; rest: readonly unknown[] } {
  const [first, ...rest] = Array.isArray(given[0]) ? (given[0] as unknown[]) : given;
  if (typeof first === 'object' && first !== null) return { options: first, rest };
  const isPort = typeof first === 'number' || /^\d+$/.test(String(first));
  if (!isPort) return { options: { path: String(first) }, rest };
  const [host, ...others] = typeof rest[0] === 'string' ? rest : [undefined, ...rest];
  return { options: { port: first, ...(host !== undefined && { host: host as string }) }, rest: others };
}

/** Looks a name up, and leaves out the addresses that are refused. */
function checked(
  lookup: LookupFunction,
  refuse: (address: string) => NodeJS.ErrnoException | undefined,
): LookupFunction {
  return (name, options, done) =>
    lookup(name, options, (error, found, family) => {
      if (error) return done(error, found, family);
      const all: LookupAddress[] = Array.isArray(found) ? found : [{ address: found, family: family ?? 0 }];
      const allowed = all.filter(({ address }) => refuse(address) === undefined);
      const [first] = all;
      if (first && allowed.length === 0) return done(refuse(first.address) ?? null, found, family);
      return done(null, Array.isArray(found) ? allowed : found, family);
    });
}
