import { hostName } from '../registry/hosts.ts';
import type { RunTarget } from '../run/request.ts';
import type { OwnHosts } from './own-hosts.ts';
import type { OriginScope } from './run-headers.ts';

/**
 * Says what the answer of a run may reach in a browser.
 *
 * @param host - header Host of the request
 * @param baseUrl - public base of the shared domain, whose path is before `/api/run`
 */
export function originScope(
  { container, urlFormat }: RunTarget,
  host: string,
  baseUrl: string,
  { reachesOwnHost }: OwnHosts,
): OriginScope {
  if (urlFormat === 1) {
    const base = new URL(baseUrl).pathname.replace(/\/$/, '');
    return {
      path: `${base}/api/run/${encodeURIComponent(container)}`,
      reachesOthers: () => true,
      isSharedSite: true,
    };
  }
  // Beside a host of the wildcard domain there is nothing but other containers, and below it: their names may have dots.
  if (urlFormat === 3) return { reachesOthers: () => true, isSharedSite: true };
  // Which sites there are is in a list that changes. Two labels in common may be too much for one, never too little.
  const site = hostName(host).split('.').slice(-2).join('.');
  return { reachesOthers: reachesOwnHost, isSharedSite: reachesOwnHost(site) };
}
