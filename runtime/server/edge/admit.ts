import type { IncomingMessage } from 'node:http';
import { fail } from '../../errors.ts';
import { hopByHop, toPairs, valuesOf } from './headers.ts';
import type { ReadPeer } from './peer.ts';

/** Longest target: the longest token in its query, and room for a path and the rest of a query. */
const MAX_URL_LENGTH = 12 * 1024;

const MAX_HEADERS = 1000;

const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i;

/** What proxies say of the caller, and pass on from whoever forged it: the server says it itself. */
const SAID_BY_PROXIES =
  /^(?:forwarded|x-forwarded(?:-.*)?|x-real-ip|(?:x-client|x-cluster-client|true-client|fastly-client|fly-client)-ip|cf-connecting-ip|x-original-(?:url|host|forwarded-for)|x-rewrite-url)$/;

/**
 * Checks a request before anything is done with it, and leaves in it what is for a webtask: its target is a path, its
 * Host the one that the caller named, no header belongs to the connection, and `x-forwarded-for`, `-proto` and `-host`
 * are this server's words, one value each.
 *
 * An upgrade to anything but a web socket is not taken: the request is answered as HTTP/1.1, as RFC 9110 allows, since
 * some clients offer HTTP/2 with every request.
 *
 * @param readPeer - says who the caller is
 * @throws REQUEST_MALFORMED, REQUEST_HEADERS_TOO_LARGE, URL_TOO_LONG, METHOD_REFUSED, UPGRADE_REFUSED
 * @see RFC 9110 sections 7.2, 7.6.1 and 7.8; RFC 9112 section 3.2; protocol reference 8.2
 */
export function admitRequest(req: IncomingMessage, readPeer: ReadPeer): void {
  const headers = toPairs(req.rawHeaders);
  const { method = '' } = req;
  if ((req.url ?? '').length > MAX_URL_LENGTH) fail('URL_TOO_LONG');
  if (headers.length > MAX_HEADERS) fail('REQUEST_HEADERS_TOO_LARGE');
  if (method === 'TRACE') fail('METHOD_REFUSED', { method });
  const protocols = valuesOf(headers, 'upgrade').join().split(/[ ,]+/);
  if (protocols.some((it) => it.toLowerCase().startsWith('websocket'))) fail('UPGRADE_REFUSED');

  const host = readHost(valuesOf(headers, 'host'), req.httpVersion);
  req.url = readPath(req.url ?? '', method, host);
  const peer = readPeer(req, host);

  const ended = hopByHop(headers);
  const kept = headers.filter(([name]) => {
    const it = name.toLowerCase();
    return it !== 'host' && it !== 'expect' && !ended.has(it) && !SAID_BY_PROXIES.test(it);
  });
  const said = {
    ...(peer.host !== '' && { host: peer.host, 'x-forwarded-host': peer.host }),
    'x-forwarded-for': peer.address,
    'x-forwarded-proto': peer.protocol,
  };
  const names = new Set(kept.map(([name]) => name.toLowerCase()));
  for (const name of Object.keys(req.headers)) if (!names.has(name)) delete req.headers[name];
  Object.assign(req.headers, said);
  const { host: named, ...forwarded } = said;
  const first = named === undefined ? [] : ['Host', named];
  req.rawHeaders = [...first, ...kept.flat(), ...Object.entries(forwarded).flat()];
}

/** The one Host of a request; HTTP/1.0 knew none, and its requests are for no host. */
function readHost(hosts: readonly string[], httpVersion: string): string {
  const [host = ''] = hosts;
  if (hosts.length > 1) malformed('the header Host is there twice');
  if (host === '' && httpVersion === '1.0') return '';
  if (host === '') malformed('the header Host is missing');
  if (!HOST.test(host)) malformed('the header Host names no host');
  return host;
}

/** The path and query of a target, which a proxy's caller sends with scheme and host before it. */
function readPath(target: string, method: string, host: string): string {
  if (target.startsWith('/') || (target === '*' && method === 'OPTIONS')) return target;
  const [, authority, path = ''] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? [];
  if (authority === undefined) malformed('its target is no path');
  // Two hosts of one request are two readings of it, and whoever is in front may have taken the other.
  if (authority.toLowerCase() !== host.toLowerCase()) malformed('its target and its Host name different hosts');
  return path.startsWith('/') ? path : `/${path}`;
}

function malformed(reason: string): never {
  return fail('REQUEST_MALFORMED', { reason });
}
