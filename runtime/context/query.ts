import { type ParsedUrlQuery, parse } from 'node:querystring';

/** What a request's URL says: the webtask's query, and the platform's own flags in it. */
export interface RequestQuery {
  /** Without the platform's keys. A repeated key is an array. */
  readonly query: ParsedUrlQuery;
  /** The keys that begin with `webtask_`, and `key`, which a webtask never sees. */
  readonly reserved: ParsedUrlQuery;
}

/**
 * Splits the query of a URL into what the webtask sees and what is the platform's.
 *
 * @param url - path and query, as the caller sent them
 * @see protocol reference 3.1, 3.5
 */
export function readQuery(url: string): RequestQuery {
  const query: ParsedUrlQuery = {};
  const reserved: ParsedUrlQuery = {};
  const start = url.indexOf('?');
  const key = start !== -1 && url.startsWith(KEY, start) ? url.slice(start + KEY.length) : undefined;
  // What most runs by token have: nothing else, and nothing in it that has to be decoded.
  if (key !== undefined && !key.includes('&') && !key.includes('%') && !key.includes('+')) reserved.key = key;
  else if (start !== -1) {
    for (const [name, value] of Object.entries(parse(url.slice(start + 1)))) {
      Object.defineProperty(isReserved(name) ? reserved : query, name, { value, ...ORDINARY });
    }
  }
  return { query, reserved };
}

const KEY = '?key=';

// Defined rather than assigned, so that a key named `__proto__` is a key.
const ORDINARY = { configurable: true, enumerable: true, writable: true };

function isReserved(name: string): boolean {
  return name === 'key' || name.startsWith('webtask_');
}
