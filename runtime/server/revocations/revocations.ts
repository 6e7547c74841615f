import { LRUCache } from 'lru-cache';
import { fail } from '../../errors.ts';
import type { TokenClaims } from '../../token/index.ts';
import type { RevocationSource } from './revocation-source.ts';

/** Which tokens are revoked. */
export interface Revocations {
  /**
   * Revokes a token, and so all that descend from it.
   *
   * @throws TOKEN_REVOCATION_REFUSED, STORE_UNREACHABLE, REVOCATION_UNANSWERED
   */
  revoke(token: string, claims: TokenClaims): Promise<void>;
  /**
   * Says whether a token or one of its ancestors is revoked.
   *
   * @throws REVOCATION_CHECK_FAILED where that cannot be found out: an unanswered question is never a yes
   */
  isRevoked(claims: TokenClaims): Promise<boolean>;
}

/** How long another server's revocation may go unseen here. */
const NOT_REVOKED_MS = 10_000;
const REMEMBERED = 20_000;

/**
 * Makes the check of revocations, which remembers what it was told.
 *
 * That a token is revoked is remembered for good, that it is not for ten seconds; a revocation made here is seen here
 * at once.
 *
 * @param now - milliseconds
 * @see protocol reference 5.6
 */
export function createRevocations(source: RevocationSource, now: () => number = Date.now): Revocations {
  /** When to ask again; `Infinity` for what is revoked. */
  const known = new LRUCache<string, number>({ max: REMEMBERED });
  const asking = new Map<string, Promise<boolean>>();

  async function ask(id: string): Promise<boolean> {
    let found: boolean;
    try {
      found = await source.has(id);
    } catch (cause) {
      return fail('REVOCATION_CHECK_FAILED', {}, { cause });
    }
    // It may have been revoked here while the store was asked.
    if (known.get(id) === Number.POSITIVE_INFINITY) return true;
    known.set(id, found ? Number.POSITIVE_INFINITY : now() + NOT_REVOKED_MS);
    return found;
  }

  function isRevokedId(id: string): boolean | Promise<boolean> {
    const until = known.get(id);
    if (until === Number.POSITIVE_INFINITY) return true;
    if (until !== undefined && until > now()) return false;
    let answer = asking.get(id);
    if (!answer) {
      answer = ask(id).finally(() => asking.delete(id));
      asking.set(id, answer);
    }
    return answer;
  }

  return {
    async revoke(token, claims) {
      const { jti } = claims;
      if (jti === undefined) return fail('TOKEN_REVOCATION_REFUSED', { reason: 'it has no id' });
      await source.add(jti, token, claims);
      known.set(jti, Number.POSITIVE_INFINITY);
    },
    async isRevoked({ jti, ca = [] }) {
      if (jti !== undefined && jti === source.own) return false;
      const ids = jti === undefined ? ca : [...ca, jti];
      const answers = ids.map(isRevokedId);
      return (await Promise.all(answers)).includes(true);
    },
  };
}
