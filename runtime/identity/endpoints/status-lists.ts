import { fail } from '../../errors.ts';
import { TTL } from '../status-list/published-lists.ts';
import { authenticateCaller } from './authenticate.ts';
import type { Endpoint } from './parts.ts';
import { readJson } from './read-body.ts';
import { empty } from './respond.ts';

/**
 * Gives a status list to everybody, `GET /status-lists/{list}`, and sets one status of it, `PUT
 * /status-lists/{list}/{index}` with `{"status": 1}`: 0 valid, 1 invalid, 2 suspended.
 *
 * @throws STATUS_LISTS_NOT_CONFIGURED, STATUS_LIST_UNKNOWN, STATUS_INDEX_OUT_OF_RANGE, STATUS_LIST_INVALID,
 *   REVOCATION_REQUEST, and what {@link authenticateCaller} throws
 * @see Token Status List (draft-ietf-oauth-status-list) section 8
 */
export const statusLists: Endpoint = async (request, { callers, statusLists: lists }) => {
  if (lists === undefined) return fail('STATUS_LISTS_NOT_CONFIGURED');
  const { pathname } = new URL(request.url);
  const [, list, index] = /\/status-lists\/(\d{1,9})(?:\/(\d{1,9}))?$/.exec(pathname) ?? [];
  if (list === undefined) return fail('REVOCATION_NO_ENDPOINT', { path: pathname });
  if (index === undefined) {
    if (request.method !== 'GET') return empty(405, { Allow: 'GET' });
    return new Response(await lists.tokenOf(Number(list)), {
      headers: {
        'Content-Type': 'application/statuslist+jwt',
        'Cache-Control': `public, max-age=${TTL}`,
        'Access-Control-Allow-Origin': '*', // section 8.1: pages check tokens, too
      },
    });
  }
  if (request.method !== 'PUT') return empty(405, { Allow: 'PUT' });
  await authenticateCaller(request, undefined, 'revoke-any', callers);
  const { status } = await readJson(request);
  if (typeof status !== 'number') fail('REVOCATION_REQUEST', { reason: 'its status is no number' });
  await lists.set(Number(list), Number(index), status);
  return empty(204);
};
