import { fail, type WebtaskError } from '../../errors.ts';
import { claimsOfKey } from '../tokens/own-key.ts';
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
const CANARY_EVERY_MS = 60_000;
/** A check that is due may take as long as its two calls. */
const CANARY_GOOD_MS = CANARY_EVERY_MS + 2 * TIMEOUT_MS;

/**
 * Keeps the list of revoked tokens in a webtask: `PUT ?jti=&jwt=` revokes, `GET ?jti=` asks.
 *
 * Whatever is not clearly an answer throws. Where the webtask runs on this cluster, it is run by `key`: a run by name
 * would have to wait for its own answer.
 *
 * @param url - of the webtask, with its `key` where it has no name
 * @param now - milliseconds
 * @param timeoutMs - for tests; 5 seconds otherwise
 * @see protocol reference 1.2
 */
export function createRevocationWebtask(
  url: string,
  contract: RevocationContract,
  now: () => number = Date.now,
  timeoutMs = TIMEOUT_MS,
): RevocationSource {
  let canaryGoodUntil = Number.NEGATIVE_INFINITY;
  let trying: Promise<void> | undefined;

  async function call(method: 'GET' | 'PUT', query: Readonly<Record<string, string>>): Promise<Response> {
    const address = new URL(url);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    try {
      // Who redirects, sends an answer from elsewhere.
      const response = await fetch(address, { method, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
      await response.body?.cancel();
      return response;
    } catch (cause) {
      const isLate = cause instanceof Error && cause.name === 'TimeoutError';
      const reason = isLate ? `it did not answer within ${timeoutMs} ms` : 'it cannot be reached';
      return fail('REVOCATION_UNANSWERED', { reason }, { cause });
    }
  }

  async function put(jti: string, jwt: string): Promise<void> {
    const { status } = await call('PUT', { jti, jwt });
    if (status !== 200) fail('REVOCATION_UNANSWERED', { reason: `revoking was answered with ${status}` });
  }

  async function tryCanary(): Promise<void> {
    const time = now();
    try {
      await put(CANARY, CANARY);
      const { status } = await call('GET', { jti: CANARY });
      if (status !== 200)
        fail('REVOCATION_UNANSWERED', { reason: `what was just revoked was answered with ${status}` });
      canaryGoodUntil = time + CANARY_GOOD_MS;
    } catch (error) {
      canaryGoodUntil = Number.NEGATIVE_INFINITY;
      throw error;
    } finally {
      trying = undefined;
    }
  }

  /** Puts the canary, and asks for it; once for all who want to know at the same time. */
  function checkCanary(): Promise<void> {
    trying ??= tryCanary();
    return trying;
  }

  return {
    async has(jti) {
      const { status, headers } = await call('GET', { jti });
      const said = contract === 'marker' ? headers.get('revocation-status') : { 200: 'revoked', 404: 'active' }[status];
      if (status === 200 && said === 'revoked') return true;
      if (status !== 404 || said !== 'active') {
        return fail('REVOCATION_UNANSWERED', { reason: `asking was answered with ${status}` });
      }
      // It counts only where the list knows what it was told.
      if (contract === 'seed' && now() >= canaryGoodUntil) await checkCanary();
      return false;
    },
    add: put,
    watch(onError) {
      if (contract !== 'seed') return () => undefined;
      let isStopped = false;
      const check = (): void => {
        checkCanary().catch((error: WebtaskError) => isStopped || onError(error));
      };
      check();
      const timer = setInterval(check, CANARY_EVERY_MS).unref();
      return () => {
        isStopped = true;
        clearInterval(timer);
      };
    },
    own: claimsOfKey(url)?.jti,
  };
}
