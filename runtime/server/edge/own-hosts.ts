import { hostname } from 'node:os';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { canonicalName, hostName } from '../registry/hosts.ts';

const REMEMBERED = 1000;

/** What makes a host the cluster's own. */
export interface OwnHostParts {
  /** The public base of URLs; empty as long as it is not known. */
  readonly baseUrl: () => string;
  /** Whether the public base was set, and is not where the server happens to listen. */
  readonly hasPublicUrl: boolean;
  /** Address that the server listens on. */
  readonly listenHost: string;
  readonly runDomain: string | undefined;
}

/** The hosts of a cluster. */
export interface OwnHosts {
  /** Whether a host, in lower case and without its port, is one of the cluster's own, which nobody can claim. */
  readonly isOwnHost: (host: string) => boolean;
  /** Whether what is meant for a domain and all below it, as cookies may be, reaches a host of the cluster. */
  readonly reachesOwnHost: (domain: string) => boolean;
}

/**
 * Says which hosts are the cluster's own: that of its public URL with all names below it, where it listens, this
 * machine, and the wildcard domain. Without a public URL, the name of the machine is one too.
 *
 * Names below `localhost` are not: browsers find this machine under them, so that a laptop can try custom domains.
 */
export function createOwnHosts(parts: OwnHostParts): OwnHosts {
  const { runDomain } = parts;
  const names = (): string[] => {
    const base = parts.baseUrl();
    const known = [
      'localhost',
      parts.listenHost.toLowerCase(),
      ...(base === '' ? [] : [hostName(new URL(base).host)]),
      ...(runDomain === undefined ? [] : [runDomain]),
      ...(parts.hasPublicUrl ? [] : [hostname().toLowerCase()]),
    ];
    return known.filter((name) => name !== '');
  };
  const isOwn = (host: string): boolean =>
    isThisMachine(host) || names().some((name) => host === name || (name !== 'localhost' && isBelow(host, name)));
  /** What was found out, as long as the public base stays the same. */
  const known = new LRUCache<string, boolean>({ max: REMEMBERED });
  let knownBase = '';
  return {
    isOwnHost(host) {
      const base = parts.baseUrl();
      if (base !== knownBase) known.clear();
      knownBase = base;
      const found = known.get(host);
      if (found !== undefined) return found;
      const isIts = isOwn(host);
      known.set(host, isIts);
      return isIts;
    },
    reachesOwnHost(domain) {
      const wanted = canonicalName(domain);
      return wanted === undefined || names().some((name) => name === wanted || isBelow(name, wanted));
    },
  };
}

/** Whether an address, in any of its spellings, is of loopback or stands for all addresses. */
export function isThisMachine(host: string): boolean {
  if (host === 'localhost') return true;
  const range = ipaddr.isValid(host) ? ipaddr.process(host).range() : undefined;
  return range === 'loopback' || range === 'unspecified';
}

function isBelow(host: string, domain: string): boolean {
  return host.endsWith(`.${domain}`);
}
