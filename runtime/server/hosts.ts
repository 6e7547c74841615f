import { isIP } from 'node:net';
import { fail } from '../errors.ts';
import type { Store } from '../store/index.ts';

const DNS_NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Claims a custom domain for a container. The first container that claims it keeps it.
 *
 * @param isOwnHost - whether a host is one of the cluster's own
 * @throws HOST_INVALID, HOST_OWN, HOST_TAKEN
 * @see protocol reference 3.3, 5.2
 */
export async function claimHost(
  store: Store,
  claimed: string,
  container: string,
  isOwnHost: (host: string) => boolean,
): Promise<void> {
  const host = hostName(claimed);
  if (!DNS_NAME.test(host) && isIP(host) === 0) fail('HOST_INVALID', { host: claimed });
  if (isOwnHost(host)) fail('HOST_OWN', { host });
  const key = { partition: 'hosts', sort: host };
  const written = await store.put(key, { container }, { expected: null });
  if (written.ok) return;
  const owner = written.current?.value as { container: string } | undefined; // as written above
  if (owner?.container !== container) fail('HOST_TAKEN', { host });
}

/** The name in a Host header or a claim: without the port, the brackets of IPv6 and a final dot, in lower case. */
export function hostName(host: string): string {
  const name = /^\[(.*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '');
  return name.toLowerCase().replace(/\.$/, '');
}
