import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { fail } from '../../errors.ts';
import type { Store } from '../../store/index.ts';

const DNS_NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Which custom domains may be claimed. */
export interface HostRules {
  /** Whether a host is one of the cluster's own. */
  readonly isOwnHost: (host: string) => boolean;
  /** Throws where a container has not shown that a host is its own; without it none has to. */
  readonly prove?: ((host: string, container: string) => Promise<void>) | undefined;
}

/**
 * Claims a custom domain for a container. The first container that claims it keeps it.
 *
 * There is one way to write each name, and addresses are nobody's: this server may have more than it knows of.
 *
 * @throws HOST_INVALID, HOST_OWN, HOST_TAKEN, and what `prove` throws
 * @see protocol reference 3.3, 5.2
 */
export async function claimHost(
  store: Store,
  claimed: string,
  container: string,
  { isOwnHost, prove }: HostRules,
): Promise<void> {
  const host = claimed.toLowerCase().replace(/\.$/, '');
  // What browsers read as another name, or as an IP address, would never be asked for under this one.
  if (!DNS_NAME.test(host) || canonicalName(host) !== host || isIP(host) !== 0) {
    fail('HOST_INVALID', { host: claimed });
  }
  if (isOwnHost(host)) fail('HOST_OWN', { host });
  const key = { partition: 'hosts', sort: host };
  const found = await store.get(key);
  if (!found) await prove?.(host, container);
  const written = found ? undefined : await store.put(key, { container }, { expected: null });
  if (written?.ok) return;
  const owner = (found ?? (written?.ok === false ? written.current : undefined))?.value; // as written above
  if ((owner as { container: string } | undefined)?.container !== container) fail('HOST_TAKEN', { host });
}

/**
 * Expects that a TXT record of a host says which container it is for: `webtask:container:<name>`.
 *
 * @throws HOST_UNPROVEN, also where DNS does not answer
 */
export async function proveByDns(
  host: string,
  container: string,
  resolver: Pick<Resolver, 'resolveTxt'> = new Resolver({ timeout: 2000, tries: 2 }),
): Promise<void> {
  const record = `webtask:container:${container}`;
  const records = await resolver.resolveTxt(host).catch(() => []); // no answer is no proof
  if (!records.some((pieces) => pieces.join('') === record)) fail('HOST_UNPROVEN', { host, record });
}

/** The name in a Host header: without the port, the brackets of IPv6 and a final dot, in lower case. */
export function hostName(host: string): string {
  if (host !== last.host) {
    const name = /^\[(.*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '');
    last = { host, name: name.toLowerCase().replace(/\.$/, '') };
  }
  return last.name;
}

/** Most requests name the host that the one before named. */
let last = { host: '', name: '' };

/** A name as browsers read it: they decode, fold and translate what is written otherwise. */
export function canonicalName(name: string): string | undefined {
  return /[/?#@\\:]/.test(name) || !URL.canParse(`http://${name}`)
    ? undefined
    : new URL(`http://${name}`).hostname.replace(/\.$/, '');
}
