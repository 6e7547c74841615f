import { type CookieScope, scopeCookie } from './cookies.ts';
import { isHopByHop, listedByConnection } from './headers.ts';

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

const COOKIE = 'set-cookie';
const SCOPED: ReadonlySet<string> = new Set([...OF_THE_ORIGIN, OF_THE_SITE, COOKIE]);

/** Said by the server, whatever a webtask says: who answers, and how the message is framed. */
const OF_THE_SERVER: ReadonlySet<string> = new Set(['x-wt-response-source', 'transfer-encoding']);

/** Of these, that of a webtask is in place of the server's. */
const REPLACED: ReadonlySet<string> = new Set(['referrer-policy', 'server-timing']);

/**
 * Puts the headers of a webtask's answer together with the server's own, without those that end here or would reach
 * beyond its container.
 *
 * Where the webtask says itself which origins may read it, or what a browser tells as the referrer, that counts.
 *
 * @param ours - names and values in turn, as the result
 * @param theirs - what the webtask says
 * @param scope - says what they may reach; absent where there is one webtask's author only
 * @see protocol reference 4.2, 4.3; RFC 9110 section 7.6.1
 */
export function runHeaders(
  ours: readonly string[],
  theirs: readonly string[],
  scope: (() => OriginScope) | undefined,
): string[] {
  const { kept, replaced, origins } = keptOf(theirs, scope);
  if (!origins && !replaced) return [...ours, ...kept];
  const all: string[] = [];
  for (let i = 0; i < ours.length; i += 2) {
    const name = ours[i] ?? '';
    const lower = name.toLowerCase();
    if (replaced?.has(lower) || (origins && lower.startsWith(ORIGINS))) continue;
    all.push(name, ours[i + 1] ?? '');
  }
  all.push(...kept);
  return all;
}

/** What of a webtask's headers goes out, and what of the server's does not. */
interface Kept {
  readonly kept: readonly string[];
  readonly replaced: ReadonlySet<string> | undefined;
  readonly origins: boolean;
}

/** Whoever reads the same head again gives the same list. */
let last: { readonly theirs: readonly string[]; readonly it: Kept } | undefined;

function keptOf(theirs: readonly string[], scope: (() => OriginScope) | undefined): Kept {
  if (last?.theirs === theirs) return last.it;
  const kept: string[] = [];
  let replaced: Set<string> | undefined;
  let origins = false;
  let isScoped = false;
  const listed = listedByConnection(theirs);
  for (let i = 0; i < theirs.length; i += 2) {
    const name = theirs[i] ?? '';
    const value = theirs[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (OF_THE_SERVER.has(lower) || isHopByHop(lower) || listed?.has(lower)) continue;
    if (lower.startsWith(ORIGINS)) origins = true;
    else if (REPLACED.has(lower)) replaced = (replaced ?? new Set()).add(lower);
    if (SCOPED.has(lower)) isScoped = true;
    const allowed = scope && SCOPED.has(lower) ? scoped(lower, value, scope()) : value;
    if (allowed !== undefined) kept.push(name, allowed);
  }
  const it = { kept, replaced, origins };
  last = isScoped ? undefined : { theirs, it }; // what is scoped is another thing for the next caller
  return it;
}

const ORIGINS = 'access-control-';

function scoped(name: string, value: string, scope: OriginScope): string | undefined {
  if (name === COOKIE) return scopeCookie(value, scope);
  const reachesBeyond = name === OF_THE_SITE ? scope.isSharedSite : scope.path !== undefined;
  return reachesBeyond ? undefined : value;
}
