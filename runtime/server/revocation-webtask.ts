import { fail } from '../errors.ts';
import { claimsOfKey } from './own-key.ts';
import type { RevocationSource } from './revocation-source.ts';

/**
 * What the webtask on the other side promises.
 *
 * `marker`: every answer says `Revocation-Status: revoked` or `active`, as `revoke_dynamodb` of this kit does. `seed`:
 * 200 for revoked and 404 for not, as the original one did, whose 404 can be anybody's.
 */
export type RevocationContract = 'marker' | 'seed';

const TIMEOUT_MS = 5_000;
/** An id that is revoked, and whose revocation proves that a 404 comes from the list. */
const CANARY = 'webtask-revocation-canary';
const CANARY_GOOD_MS = 60_000;

/**
 * Keeps the list of revoked tokens in a webtask: `PUT ?jti=&jwt=` revokes, `GET ?jti=` asks.
 *
 * Whatever is not clearly an answer throws. Where the webtask runs on this cluster, it is run by `key`: a run by name
 * would have to wait for its own answer.
 *
 * @param url - of the webtask, with its `key` where it has no name
 * @param now - milliseconds
 * @see protocol reference 1.2
 */
export function createRevocationWebtask(
  url: string,
  contract: RevocationContract,
  now: () => number = Date.now,
): RevocationSource {
  let canaryGoodUntil = Number.NEGATIVE_INFINITY;

  async function call(method: 'GET' | 'PUT', query: Readonly<Record<string, string>>): Promise<Response> {
    const address = new URL(url);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    // Who redirects, sends an answer from elsewhere.
    const response = await fetch(address, { method, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response;
  }

  async function put(jti: string, jwt: string): Promise<void> {
    const { status } = await call('PUT', { jti, jwt });
    if (status !== 200) fail('REVOCATION_UNANSWERED', { reason: `revoking was answered with ${status}` });
  }

  /** A 404 of the seed's contract counts only where the list knows what it was told. */
  async function checkCanary(): Promise<void> {
    const time = now();
    if (time < canaryGoodUntil) return;
    await put(CANARY, CANARY);
    const { status } = await call('GET', { jti: CANARY });
    if (status !== 200) fail('REVOCATION_UNANSWERED', { reason: `what was just revoked was answered with ${status}` });
    canaryGoodUntil = time + CANARY_GOOD_MS;
  }

  return {
    async has(jti) {
      const { status, headers } = await call('GET', { jti });
      const said = contract === 'marker' ? headers.get('revocation-status') : { 200: 'revoked', 404: 'active' }[status];
      if (status === 200 && said === 'revoked') return true;
      if (status !== 404 || said !== 'active') {
        return fail('REVOCATION_UNANSWERED', { reason: `asking was answered with ${status}` });
      }
      if (contract === 'seed') await checkCanary();
      return false;
    },
    add: put,
    own: claimsOfKey(url)?.jti,
  };
}
