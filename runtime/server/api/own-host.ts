import type { FastifyRequest } from 'fastify';
import { fail } from '../../errors.ts';
import { hostName } from '../registry/hosts.ts';
import type { ApiParts } from './api.ts';

/**
 * Checks that a request is to one of the server's own hosts: the others are those of webtasks. The address itself is
 * what a prober in a cluster of machines says.
 *
 * @throws ROUTE_UNKNOWN
 */
export function checkOwnHost({ raw, method }: FastifyRequest, { isOwnHost }: Pick<ApiParts, 'isOwnHost'>): void {
  const host = hostName(raw.headers.host ?? '');
  if (!isOwnHost(host) && host !== raw.socket.localAddress) {
    fail('ROUTE_UNKNOWN', { method, path: (raw.url ?? '/').replace(/\?.*/s, '') });
  }
}
