import type { IncomingMessage } from 'node:http';
import { fail } from '../../errors.ts';
import { MAX_TOKEN_LENGTH } from '../../token/sign.ts';
import { isHopByHop, listedByConnection } from './headers.ts';
import type { ReadPeer } from './peer.ts';

/** Longest target: the longest token in its query, as URLs of this server have it, with a path and the rest of a query. */
export const MAX_URL_LENGTH = MAX_TOKEN_LENGTH + 1024;

/** Bytes of target and headers together; a token in the target leaves as much for the others as Node takes of all. */
export const MAX_HEAD_BYTES = 32 * 1024;

const MAX_HEADERS = 1000;

const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i;

/** What proxies say of the caller, and pass on from whoever forged it: the server says it itself. */
const SAID_BY_PROXIES: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded',
  'x-real-ip',
  ...['x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'fastly-client-ip', 'fly-client-ip', 'cf-connecting-ip'],
  ...['x-original-url', 'x-original-host', 'x-original-forwarded-for', 'x-rewrite-url'],
]);

/**
 * Checks a request before anything is done with it, and leaves in it what is for a webtask: its target is a path, its
 * Host the one that the caller named, no header belongs to the connection, and `x-forwarded-for`, `-proto` and `-host`
 * are this server's words, one value each.
 *
 * An upgrade to anything but a web socket is not taken: the request is answered as HTTP/1.1, as RFC 9110 allows, since
 * some clients offer HTTP/2 with every request.
 *
 * @param readPeer - says who the caller is
 * @throws REQUEST_MALFORMED, REQUEST_HEADERS_TOO_LARGE, URL_TOO_LONG, METHOD_REFUSED, UPGRADE_REFUSED,
 *   TRANSFER_CODING_UNKNOWN
 * @see RFC 9110 sections 7.2, 7.6.1 and 7.8; RFC 9112 sections 3.2 and 6.1; protocol reference 8.2
 */
export function admitRequest(req: IncomingMessage, readPeer: ReadPeer): void {
  const { rawHeaders, headers, method = '', url = '' } = req;
  if (url.length > MAX_URL_LENGTH) fail('URL_TOO_LONG');
  if (rawHeaders.length > 2 * MAX_HEADERS) fail('REQUEST_HEADERS_TOO_LARGE');
  if (method === 'TRACE') fail('METHOD_REFUSED', { method });
  const { 'transfer-encoding': coding } = headers;
  // The parser takes the chunks off, and would leave what is within to whoever reads it, who is told nothing of it.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') fail('TRANSFER_CODING_UNKNOWN', { coding });
  const hosts: string[] = [];
  const kept: string[] = [];
  const listed = listedByConnection(rawHeaders);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'host') hosts.push(value);
    else if (endsHere(lower) || listed?.has(lower)) {
      if (lower === 'upgrade' && /(?:^|[ ,])websocket/i.test(value)) fail('UPGRADE_REFUSED');
      delete headers[lower];
    } else kept.push(name, value);
  }

  const host = readHost(hosts, req.httpVersion);
  req.url = readPath(url, method, host);
  const peer = readPeer(req, host);
  if (peer.host === '') delete headers.host;
  else {
    headers.host = peer.host;
    headers['x-forwarded-host'] = peer.host;
  }
  headers['x-forwarded-for'] = peer.address;
  headers['x-forwarded-proto'] = peer.protocol;
  if (peer.host !== '') kept.push('x-forwarded-host', peer.host);
  kept.push('x-forwarded-for', peer.address, 'x-forwarded-proto', peer.protocol);
  req.rawHeaders = peer.host === '' ? kept : ['Host', peer.host, ...kept];
}

/** Whether a header is of the connection, or of whoever is between the caller and this server. */
function endsHere(name: string): boolean {
  return isHopByHop(name) || name === 'expect' || SAID_BY_PROXIES.has(name) || name.startsWith('x-forwarded-');
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
