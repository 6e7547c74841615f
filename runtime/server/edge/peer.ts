import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { fail } from '../../errors.ts';
import { toPairs, valuesOf } from './headers.ts';

/** Who a request is from. */
export interface Peer {
  /** IP address of the caller, as far as proxies that are trusted say it. */
  readonly address: string;
  readonly protocol: 'http' | 'https';
  /** Host that the caller named, with its port; empty where HTTP/1.0 named none. */
  readonly host: string;
}

/** IP address that an admitted request is from. */
export function callerAddress({ headers }: Pick<IncomingMessage, 'headers'>): string {
  return String(headers['x-forwarded-for'] ?? '');
}

/** Says who a request is from, whose header Host has been checked. */
export type ReadPeer = (req: IncomingMessage, host: string) => Peer;

const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i;

/**
 * Makes the reading of callers.
 *
 * What `X-Forwarded-For`, `-Proto`, `-Host` or `Forwarded` say counts only as far as each hop that says it is trusted,
 * from the last backwards. Where there is any `X-Forwarded-`, `Forwarded` is not asked: most proxies set the first and
 * pass on the second from whoever sent it.
 *
 * @param trusted - addresses and networks in CIDR notation
 * @param publicUrl - where a request names its host, it was made by its protocol
 * @throws SETTING_INVALID where `trusted` has something else
 * @see RFC 7239
 *
 * @example
 * const readPeer = createPeerReader(['127.0.0.1', '10.0.0.0/8'], undefined);
 */
export function createPeerReader(trusted: readonly string[], publicUrl: string | undefined): ReadPeer {
  const networks = trusted.map(readNetwork);
  const isTrusted = (address: string): boolean => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address); // an IPv4-mapped address becomes the IPv4 address
    return networks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
  };
  const base = publicUrl === undefined ? undefined : new URL(publicUrl);

  /** Of each connection, whose other side stays the same. */
  const sides = new WeakMap<object, { readonly address: string; readonly isTrusted: boolean }>();
  const sideOf = ({ socket }: IncomingMessage) => {
    let side = sides.get(socket);
    if (!side) {
      const address = plainAddress(socket.remoteAddress ?? '');
      side = { address, isTrusted: isTrusted(address) };
      sides.set(socket, side);
    }
    return side;
  };

  return (req, host) => {
    const side = sideOf(req);
    const said = side.isTrusted ? readForwarded(req, isTrusted) : NOTHING;
    const named = said.host !== undefined && HOST.test(said.host) ? said.host : host;
    const isPublic = base !== undefined && named.toLowerCase() === base.host;
    const direct = isPublic ? base.protocol === 'https:' : 'encrypted' in req.socket;
    const isSecure = said.protocol === undefined ? direct : said.protocol === 'https';
    return { address: said.address ?? side.address, protocol: isSecure ? 'https' : 'http', host: named };
  };
}

interface Forwarded {
  readonly address?: string | undefined;
  readonly protocol?: string | undefined;
  readonly host?: string | undefined;
}

const NOTHING: Forwarded = {};

function readForwarded(req: IncomingMessage, isTrusted: (address: string) => boolean): Forwarded {
  const headers = toPairs(req.rawHeaders);
  const list = (name: string): string[] => splitList(valuesOf(headers, name).join());
  if (headers.some(([name]) => /^x-forwarded-/i.test(name))) {
    return {
      address: firstUntrusted(list('x-forwarded-for').map(plainAddress), isTrusted)?.address,
      protocol: list('x-forwarded-proto').at(-1)?.toLowerCase(),
      host: list('x-forwarded-host').at(-1),
    };
  }
  const hops = list('forwarded').map(readElement);
  const found = firstUntrusted(
    hops.map((it) => plainAddress(it.get('for') ?? '')),
    isTrusted,
  );
  // The element that has the caller was added by the outermost of those who are trusted.
  const element = hops[found?.index ?? hops.length - 1];
  return { address: found?.address, protocol: element?.get('proto')?.toLowerCase(), host: element?.get('host') };
}

/** The last address that no proxy of ours has; the first of all where all are ours. What is no address ends it. */
function firstUntrusted(
  addresses: readonly string[],
  isTrusted: (address: string) => boolean,
): { address: string; index: number } | undefined {
  let found: { address: string; index: number } | undefined;
  for (let index = addresses.length - 1; index >= 0; index -= 1) {
    const address = addresses[index] ?? '';
    if (!ipaddr.isValid(address)) return found;
    found = { address, index };
    if (!isTrusted(address)) return found;
  }
  return found;
}

/** Splits a list at its commas, those within quotes aside. */
function splitList(text: string): string[] {
  return (text.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? []).map((it) => it.trim()).filter((it) => it !== '');
}

/** `for=192.0.2.60;proto=http;host="a:80"` */
function readElement(text: string): Map<string, string> {
  const pairs = text.matchAll(/([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;,"\s]*))/g);
  return new Map([...pairs].map(([, name = '', quoted, plain = '']) => [name.toLowerCase(), quoted ?? plain]));
}

/** An address without its port, the brackets of IPv6 and what maps IPv4 into IPv6. */
function plainAddress(text: string): string {
  const address = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, '$1').replace(/%.*$/, '');
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}

function readNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const reason = `${text} is neither an IP address nor a network such as 10.0.0.0/8`;
  const isWhole = (address: string): boolean =>
    ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  if (!isWhole(text.replace(/\/\d+$/, ''))) return fail('SETTING_INVALID', { setting: '--trust-proxy', reason });
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch (cause) {
    return fail('SETTING_INVALID', { setting: '--trust-proxy', reason }, { cause });
  }
}
