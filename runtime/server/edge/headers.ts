/** Names (as written) and values, in the order in which they came. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** Pairs of what `http.IncomingMessage#rawHeaders` has in turn. */
export function toPairs(rawHeaders: readonly string[]): Headers {
  return Array.from({ length: rawHeaders.length / 2 }, (_, i) => [
    rawHeaders[2 * i] ?? '',
    rawHeaders[2 * i + 1] ?? '',
  ]);
}

/** Every value of a header. */
export function valuesOf(headers: Headers, name: string): string[] {
  return headers.filter(([it]) => it.toLowerCase() === name).map(([, value]) => value);
}

/** What belongs to one connection, and so ends where it ends. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
];

/** `Connection` may not name what frames a message, or says whom it is for. */
const NEVER_OF_CONNECTION = ['host', 'content-length', 'transfer-encoding', 'content-type'];

/**
 * The names, in lower case, of the headers that end with their connection: those that always do, and those that
 * `Connection` lists.
 *
 * @see RFC 9110 section 7.6.1
 */
export function hopByHop(headers: Headers): Set<string> {
  const listed = valuesOf(headers, 'connection')
    .flatMap((value) => value.split(','))
    .map((name) => name.trim().toLowerCase());
  return new Set([...HOP_BY_HOP, ...listed.filter((name) => !NEVER_OF_CONNECTION.includes(name))]);
}
