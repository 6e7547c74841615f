import { fail } from '../../errors.ts';
import type { TokenClaims } from '../../token/index.ts';
import { createRecall } from '../recall.ts';
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
  isRevoked(claims: TokenClaims): boolean | Promise<boolean>;
}

/** How long another server's revocation may go unseen here. */
const NOT_REVOKED_MS = 10_000;
/** When it is asked again about a token that is in use, before that time is over. */
const FRESH_MS = 5_000;
const REMEMBERED = 20_000;
const NONE: readonly string[] = [];

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
  const revoked = createRecall(
    (id) => source.has(id).catch((cause: unknown) => fail('REVOCATION_CHECK_FAILED', {}, { cause })),
    {
      knownMs: (isRevoked) => (isRevoked ? Number.POSITIVE_INFINITY : NOT_REVOKED_MS),
      freshMs: FRESH_MS,
      max: REMEMBERED,
    },
    now,
  );

  return {
    async revoke(token, claims) {
      const { jti } = claims;
      if (jti === undefined) return fail('TOKEN_REVOCATION_REFUSED', { reason: 'it has no id' });
      await source.add(jti, token, claims);
      revoked.set(jti, true);
    },
    isRevoked({ jti, ca = NONE }) {
      if (jti !== undefined && jti === source.own) return false;
      if (jti !== undefined && ca.length === 0) return revoked.get(jti);
      const answers = ca.map(revoked.get);
      if (jti !== undefined) answers.push(revoked.get(jti));
      if (answers.every((it) => typeof it === 'boolean')) return answers.includes(true);
      return Promise.all(answers).then((all) => all.includes(true));
    },
  };
}
