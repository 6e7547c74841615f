import { authenticateCaller } from './authenticate.ts';
import type { Endpoint } from './parts.ts';
import { json } from './respond.ts';

/**
 * Gives the tenant's denylist to processes that have no store, page by page, and then what is added to it: `GET
 * /feed?after=`. `followRevocations` reads it.
 *
 * @throws REVOCATION_REQUEST, STORE_UNREACHABLE, and what {@link authenticateCaller} throws
 */
export const feedEntries: Endpoint = async (request, { callers, revocation }) => {
  await authenticateCaller(request, undefined, 'feed', callers);
  const after = new URL(request.url).searchParams.get('after');
  return json(await revocation.readFeed(after ?? undefined));
};
