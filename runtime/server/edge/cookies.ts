/** Where the cookies of a webtask may go. */
export interface CookieScope {
  /** On a domain that containers share: the path of the container; absent on a domain of its own. */
  readonly path?: string | undefined;
  /** Whether a cookie for a domain would also be sent to the cluster or to other containers. */
  readonly reachesOthers: (domain: string) => boolean;
}

/** Browsers take no longer value of an attribute, and then act as if there were none. @see RFC 6265bis section 5.6 */
const MAX_ATTRIBUTE = 1024;

/** Cookies that browsers accept for all paths of a host only. */
const FOR_WHOLE_HOST = /^\s*=?\s*__host-/i;

/**
 * Confines a cookie that a webtask sets to what is its own.
 *
 * On a shared domain it gets the path of its container, or keeps one below, and loses its domain; one that has to be
 * for the whole host is dropped. On a domain of the container only a `Domain` is taken away that reaches others.
 *
 * @param cookie - value of a header Set-Cookie
 * @returns `undefined` where the cookie cannot be set
 *
 * @example
 * scopeCookie('a=1; Path=/', { path: '/api/run/shop', reachesOthers }); // 'a=1; Path=/api/run/shop'
 */
export function scopeCookie(cookie: string, { path, reachesOthers }: CookieScope): string | undefined {
  const [pair = '', ...attributes] = cookie.split(';');
  const kept = attributes.filter((it) => {
    const [name, value] = readAttribute(it);
    if (name === 'domain') return path === undefined && !reachesOthers(value.replace(/^\./, ''));
    return name !== 'path' || path === undefined;
  });
  if (path === undefined) return [pair, ...kept].join(';');
  if (FOR_WHOLE_HOST.test(pair) || path.length > MAX_ATTRIBUTE) return undefined;
  const asked = attributes.map(readAttribute).findLast(([name]) => name === 'path')?.[1] ?? '';
  const isBelow = asked.startsWith(`${path}/`) && asked.length <= MAX_ATTRIBUTE;
  return [pair, ...kept, ` Path=${isBelow ? asked : path}`].join(';');
}

function readAttribute(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 0) return [text.trim().toLowerCase(), ''];
  return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}
