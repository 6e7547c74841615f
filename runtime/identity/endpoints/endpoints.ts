import { WebtaskError } from '../../errors.ts';
import { receiveLogout } from './backchannel-logout.ts';
import { feedEntries } from './feed.ts';
import { revokeAllOfUser } from './global-token-revocation.ts';
import { introspectToken } from './introspect-token.ts';
import type { Endpoint, EndpointParts } from './parts.ts';
import { empty, json, refuse } from './respond.ts';
import { revokeById } from './revoke-by-id.ts';
import { revokeSubject } from './revoke-subject.ts';
import { revokeToken } from './revoke-token.ts';
import { statusLists } from './status-lists.ts';

const publishKeys: Endpoint = async (_request, { signer }) => json(signer?.jwks ?? { keys: [] });

/** Every endpoint by its path, with its method; those without look at it themselves. */
const ENDPOINTS: Readonly<Record<string, { endpoint: Endpoint; method?: 'GET' | 'POST' }>> = {
  '': { endpoint: revokeById },
  revoke: { endpoint: revokeToken, method: 'POST' },
  introspect: { endpoint: introspectToken, method: 'POST' },
  subjects: { endpoint: revokeSubject, method: 'POST' },
  'global-token-revocation': { endpoint: revokeAllOfUser, method: 'POST' },
  'backchannel-logout': { endpoint: receiveLogout, method: 'POST' },
  'status-lists': { endpoint: statusLists },
  feed: { endpoint: feedEntries, method: 'GET' },
  'jwks.json': { endpoint: publishKeys, method: 'GET' },
};

/** What came of a request: the answer, and the error that it tells of. */
export interface EndpointAnswer {
  readonly response: Response;
  readonly error?: unknown;
}

/**
 * Makes what answers the requests of one tenant: revocation by every protocol, all of them thin over one denylist.
 *
 * @param path - what follows the address of the tenant, such as `/introspect`
 * @example
 * const answer = createEndpoints(parts);
 * const { response } = await answer(request, '/introspect');
 */
export function createEndpoints(parts: EndpointParts): (request: Request, path: string) => Promise<EndpointAnswer> {
  return async (request, path) => {
    const name = path.startsWith('/status-lists/') ? 'status-lists' : path.slice(1);
    const found = Object.hasOwn(ENDPOINTS, name) ? ENDPOINTS[name] : undefined;
    const { endpoint, method } = found ?? {};
    const isHead = request.method === 'HEAD';
    const asked = isHead ? new Request(request, { method: 'GET' }) : request; // RFC 9110 section 9.3.2
    try {
      if (endpoint === undefined) throw new WebtaskError('REVOCATION_NO_ENDPOINT', { path });
      if (method !== undefined && asked.method !== method) return { response: empty(405, { Allow: method }) };
      const response = await endpoint(asked, parts);
      return { response: isHead ? new Response(null, response) : response };
    } catch (error) {
      return { response: refuse(error), error };
    }
  };
}
