import type { RevocationChecker, RevocationStatus } from '../../runtime/identity/index.ts';

/** What {@link revocationOf} is told to say, and how often it was asked. */
export interface ScriptedRevocation extends RevocationChecker {
  checks: number;
  confirms: number;
}

/** A check of revocation that answers as it is told; an error is thrown. */
export function revocationOf(
  check: RevocationStatus['status'] | Error,
  confirm: RevocationStatus['status'] | Error = check,
): ScriptedRevocation {
  const answer = (status: RevocationStatus['status'] | Error): RevocationStatus => {
    if (status instanceof Error) throw status;
    return { status, asOf: Date.now(), ...(status === 'revoked' && { by: 'jti' }) };
  };
  return {
    checks: 0,
    confirms: 0,
    check() {
      this.checks += 1;
      return answer(check);
    },
    async confirm() {
      this.confirms += 1;
      return answer(confirm);
    },
  };
}
