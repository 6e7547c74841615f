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
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

/** `Connection` may not name what frames a message, or says whom it is for. */
const NEVER_OF_CONNECTION = ['host', 'content-length', 'transfer-encoding', 'content-type'];

/**
 * Whether a header, by its name in lower case, always ends with its connection.
 *
 * @see RFC 9110 section 7.6.1
 */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

/** What `Connection` says of nearly every request. */
const NAMES_NONE = /^(?:keep-alive|close)$/i;

/**
 * The names, in lower case, of the headers that end with their connection since `Connection` lists them.
 *
 * @param rawHeaders - names and values in turn
 * @returns `undefined` where there are none
 * @see RFC 9110 section 7.6.1
 */
export function listedByConnection(rawHeaders: readonly string[]): Set<string> | undefined {
  let listed: Set<string> | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1] ?? '';
    if (rawHeaders[i]?.length !== CONNECTION.length || rawHeaders[i]?.toLowerCase() !== CONNECTION) continue;
    if (NAMES_NONE.test(value)) continue;
    listed ??= new Set();
    for (const name of value.split(',')) listed.add(name.trim().toLowerCase());
  }
  for (const name of NEVER_OF_CONNECTION) listed?.delete(name);
  return listed;
}

const CONNECTION = 'connection';
