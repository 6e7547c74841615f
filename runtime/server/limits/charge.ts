import { fail, WebtaskError } from '../../errors.ts';
import type { Allowance, Scope } from './allowances.ts';
import type { Standing, Tally } from './tally.ts';

/** A scope of a run, with its counts. */
export interface Counted {
  readonly scope: Scope;
  readonly tally: Tally;
}

/** A limit of a run, and whether the run is within it. */
interface Look {
  readonly scope: Scope;
  readonly tally: Tally;
  readonly allowance: Allowance;
  readonly standing: Standing;
}

/**
 * Counts a run in all of its limits, or in none where it is beyond one of them.
 *
 * @param now - seconds since the epoch
 * @throws LIMIT_EXCEEDED with `retryAfter` in seconds, LIMIT_UNCHARGED
 */
export async function charge(counted: readonly Counted[], now: () => number): Promise<void> {
  for (;;) {
    const time = now();
    const looks = counted.flatMap(({ scope, tally }) =>
      scope.allowances.map((allowance): Look => ({ scope, tally, allowance, standing: tally.look(allowance, time) })),
    );
    refuseExceeded(looks, time);
    const unknown = counted.filter(({ tally }) => looks.some((it) => it.tally === tally && it.standing === 'unknown'));
    if (unknown.length === 0) break;
    await Promise.all(unknown.map((it) => reserve(it, time)));
    // Others may have spent what was reserved, so all is looked at again.
  }
  // Nobody else has run since the last look.
  for (const { scope, tally } of counted) tally.spend(scope.allowances);
}

/** Of several limits the one counts that ends last: before that, another try is in vain. */
function refuseExceeded(looks: readonly Look[], time: number): void {
  let last: { look: Look; until: number } | undefined;
  for (const look of looks) {
    if (typeof look.standing === 'string') continue;
    const until = look.standing.exceededUntil;
    if (!last || until > last.until) last = { look, until };
  }
  if (!last) return;
  const { scope, allowance } = last.look;
  const { limit, period, claim } = allowance;
  const whose = scope.kind === 'token' ? 'the token' : `the container \`${scope.id}\``;
  // A clock that is behind those of other servers must not say 0, or less.
  const retryAfter = Math.max(1, Math.ceil(last.until - time));
  fail('LIMIT_EXCEEDED', { whose, limit, period, claim, retryAfter });
}

async function reserve({ scope, tally }: Counted, time: number): Promise<void> {
  try {
    await tally.reserve(scope.allowances, time);
  } catch (cause) {
    if (cause instanceof WebtaskError && cause.fault === 'caller') throw cause;
    const reason = cause instanceof WebtaskError ? cause.message : 'the store failed.';
    fail('LIMIT_UNCHARGED', { reason }, { cause });
  }
}
