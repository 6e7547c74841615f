import type { ServerResponse } from 'node:http';
import { type CookieScope, scopeCookie } from './cookies.ts';
import { saysOrigins } from './cors.ts';
import { type Headers, hopByHop } from './headers.ts';

/** Whose origin an answer is for, as browsers see it. */
export interface OriginScope extends CookieScope {
  /** Containers that do not trust each other have the same site, so that one could undo what others stored. */
  readonly isSharedSite: boolean;
}

/**
 * What a browser would remember for a whole origin or host, which on a shared domain is everybody's: service workers
 * for all paths, HTTPS by force or by pinned keys, another server in place of this one, where its errors are reported,
 * which hints it gets, and who is said to be signed in.
 *
 * `Reporting-Endpoints`, `Content-Security-Policy` and the like hold for one document, and stay.
 */
const OF_THE_ORIGIN = [
  'service-worker-allowed',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'expect-ct',
  'alt-svc',
  'nel',
  'report-to',
  'accept-ch',
  'set-login',
];

/** It clears a whole site, which the wildcard domain's containers share although their origins differ. */
const OF_THE_SITE = 'clear-site-data';

/**
 * Puts the headers of a webtask into an answer, without those that end here or would reach beyond its container.
 *
 * Where the webtask says itself which origins may read it, or what a browser tells as the referrer, that counts.
 *
 * @param scope - absent where there is one webtask's author only
 * @see protocol reference 4.2, 4.3; RFC 9110 section 7.6.1
 */
export function setRunHeaders(headers: Headers, res: ServerResponse, scope: OriginScope | undefined): void {
  const names = headers.map(([name]) => name.toLowerCase());
  if (saysOrigins(names)) for (const name of res.getHeaderNames()) if (saysOrigins([name])) res.removeHeader(name);
  if (names.includes('referrer-policy')) res.removeHeader('Referrer-Policy');
  const ended = hopByHop(headers);
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (ended.has(lower) || (scope && reachesBeyond(lower, scope))) continue;
    const kept = lower === 'set-cookie' && scope ? scopeCookie(value, scope) : value;
    if (kept !== undefined) res.appendHeader(name, kept);
  }
}

function reachesBeyond(name: string, { path, isSharedSite }: OriginScope): boolean {
  return (path !== undefined && OF_THE_ORIGIN.includes(name)) || (isSharedSite && name === OF_THE_SITE);
}
