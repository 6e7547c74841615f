import { fail } from '../../errors.ts';
import type { RevocationChecker, RevocationStatus, VerifiedToken } from '../revocation-status.ts';
import type { VerifierOptions } from '../verifier-options.ts';
import { createVerifier, type Verifier } from '../verify.ts';
import { type Presented, readCredential } from './credential.ts';

/** What a guard lets through. */
export type GuardOptions = (VerifierOptions | { readonly verifier: Verifier }) & {
  /** Scopes that a token must have, all of them. */
  readonly scopes?: readonly string[];
  /** Tells whether tokens are revoked; without it none is taken for revoked. */
  readonly revocation?: RevocationChecker;
  /**
   * What is done where that cannot be told: `deny`, where nothing is said; `confirm` asks the store, and denies where that
   * does not answer either.
   */
  readonly unknown?: 'deny' | 'confirm' | 'accept-possibly-revoked-tokens';
};

/** Checks requests. Both throw the errors of {@link createAuthorizer}. */
export interface Authorizer {
  /** Checks one, and waits for what is not known yet. */
  authorize(presented: Presented): Promise<VerifiedToken>;
  /** Checks one at once; gives nothing where it would have to wait. */
  authorizeNow(presented: Presented): VerifiedToken | undefined;
}

const RETRY_AFTER = 1;
const CONFIRM_MS = 2000;

/**
 * Makes the check of requests: their token is genuine, not revoked, and has the scopes.
 *
 * What it does not tell is whether this caller may do this thing to this object: that is the API's own to know.
 *
 * What it makes throws the errors of {@link Verifier.verifyAsync}, ACCESS_TOKEN_MISSING, ACCESS_TOKEN_REQUEST,
 * ACCESS_TOKEN_BOUND, ACCESS_TOKEN_REVOKED, ACCESS_TOKEN_REVOCATION_UNKNOWN and ACCESS_TOKEN_SCOPE.
 *
 * @throws VERIFIER_OPTION_INVALID
 */
export function createAuthorizer(options: GuardOptions): Authorizer {
  const { scopes = [], revocation, unknown = 'deny' } = options;
  const policies = ['deny', 'confirm', 'accept-possibly-revoked-tokens'];
  if (!policies.includes(unknown)) {
    fail('VERIFIER_OPTION_INVALID', { option: 'unknown', reason: `is none of ${policies.join(', ')}` });
  }
  const verifier = 'verifier' in options ? options.verifier : createVerifier(options);

  /** What is known of it; nothing where the store is to be asked. */
  function statusOf(token: VerifiedToken): RevocationStatus['status'] | undefined {
    // Whoever cannot check the proof must not do without (RFC 9449 section 7.2, RFC 8705 section 3).
    if (token.claims.cnf !== undefined) fail('ACCESS_TOKEN_BOUND');
    if (!revocation) return 'active';
    const { status } = ask(() => revocation.check(token));
    return status === 'unknown' && unknown === 'confirm' ? undefined : status;
  }

  function letThrough(token: VerifiedToken, status: RevocationStatus['status']): VerifiedToken {
    if (status === 'revoked') fail('ACCESS_TOKEN_REVOKED');
    if (status !== 'active' && unknown !== 'accept-possibly-revoked-tokens') {
      fail('ACCESS_TOKEN_REVOCATION_UNKNOWN', { retryAfter: RETRY_AFTER });
    }
    const given = (token.claims.scope ?? '').split(' ');
    if (!scopes.every((scope) => given.includes(scope))) fail('ACCESS_TOKEN_SCOPE', { scope: scopes.join(' ') });
    return token;
  }

  return {
    async authorize(presented) {
      const token = await verifier.verifyAsync(readCredential(presented));
      return letThrough(token, statusOf(token) ?? (revocation ? await confirmed(revocation, token) : 'unknown'));
    },
    authorizeNow(presented) {
      const token = verifier.verifyKnown(readCredential(presented));
      const status = token && statusOf(token);
      return token && status && letThrough(token, status);
    },
  };
}

/** A check that fails has not said yes. */
function ask(check: () => RevocationStatus): Pick<RevocationStatus, 'status'> {
  try {
    return check();
  } catch (cause) {
    return fail('ACCESS_TOKEN_REVOCATION_UNKNOWN', { retryAfter: RETRY_AFTER }, { cause });
  }
}

async function confirmed(revocation: RevocationChecker, token: VerifiedToken): Promise<RevocationStatus['status']> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CONFIRM_MS} ms`)), CONFIRM_MS);
  });
  try {
    return (await Promise.race([revocation.confirm(token), late])).status;
  } catch (cause) {
    return fail('ACCESS_TOKEN_REVOCATION_UNKNOWN', { retryAfter: RETRY_AFTER }, { cause });
  } finally {
    clearTimeout(timer);
  }
}
