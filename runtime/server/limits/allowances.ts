import { sha256Hex } from '../../code/index.ts';
import { fail } from '../../errors.ts';
import type { Key } from '../../store/index.ts';
import type { TokenClaims } from '../../token/index.ts';
import type { Period } from './windows.ts';

/** A limit as a token has it. */
export interface Allowance {
  readonly claim: LimitClaim;
  readonly period: Period;
  /** Runs in a window of that period. */
  readonly limit: number;
}

/** What is counted together: the runs of a container, or of a token. */
export interface Scope {
  readonly kind: 'container' | 'token';
  /** The container's name, or the token's id. */
  readonly id: string;
  /** The containers that the token is for. */
  readonly ten?: string | undefined;
  readonly key: Key;
  readonly allowances: readonly Allowance[];
}

/** The claims that limit all runs of a container, and those that limit the runs of one token. */
export const LIMITS = {
  container: { ls: 'second', lm: 'minute', lh: 'hour', ld: 'day', lw: 'week', lo: 'month' },
  token: { lts: 'second', ltm: 'minute', lth: 'hour', ltd: 'day', ltw: 'week', lto: 'month' },
} as const satisfies Record<Scope['kind'], Partial<Record<keyof TokenClaims, Period>>>;

/** The name of a claim that is a limit. */
export type LimitClaim = keyof (typeof LIMITS)['container'] | keyof (typeof LIMITS)['token'];

const CLAIMS = {
  container: Object.entries(LIMITS.container) as [LimitClaim, Period][], // as above
  token: Object.entries(LIMITS.token) as [LimitClaim, Period][], // as above
};

/** The period of each claim that is a limit. */
export const PERIOD_OF = { ...LIMITS.container, ...LIMITS.token } as const satisfies Record<LimitClaim, Period>;

const ALL_CLAIMS = Object.keys(PERIOD_OF) as LimitClaim[]; // as above

/**
 * Says what a run by a token is counted in. Most tokens have no limits, and their runs are counted nowhere.
 *
 * A token is known by its id: its text can be spelled in several ways, since signatures can. Ids of different
 * containers are kept apart, so that whoever may sign for one container uses up nothing of another's.
 *
 * @throws TOKEN_CLAIM_NEEDS where a token with limits of its own has no id
 * @see protocol reference 5.2
 */
export function scopesOf(claims: TokenClaims, container: string): Scope[] {
  const ofContainer = allowancesIn(claims, 'container');
  const ofToken = allowancesIn(claims, 'token');
  const scopes: Scope[] = [];
  if (ofContainer.length > 0) {
    scopes.push({ kind: 'container', id: container, key: containerKey(container), allowances: ofContainer });
  }
  const own = ofToken[0];
  if (own) {
    const { jti = fail('TOKEN_CLAIM_NEEDS', { claim: own.claim, needed: 'claim `jti`' }), ten } = claims;
    scopes.push({ kind: 'token', id: jti, ten, key: tokenKey(jti, ten), allowances: ofToken });
  }
  return scopes;
}

/** Whether any run by a token is counted. */
export function hasLimits(claims: TokenClaims): boolean {
  let has = limited.get(claims);
  if (has === undefined) {
    has = ALL_CLAIMS.some((claim) => claims[claim] !== undefined);
    limited.set(claims, has);
  }
  return has;
}

/** Looked at once for each token, not for each run. */
const limited = new WeakMap<TokenClaims, boolean>();

function allowancesIn(claims: TokenClaims, kind: Scope['kind']): Allowance[] {
  const found: Allowance[] = [];
  for (const [claim, period] of CLAIMS[kind]) {
    const limit = claims[claim];
    if (limit !== undefined) found.push({ claim, period, limit });
  }
  return found;
}

/** Where the counts of a container are. */
export function containerKey(container: string): Key {
  return { partition: `limits/container/${container}`, sort: 'counts' };
}

/** Where the counts of tokens with an id are. */
export function tokenPartition(jti: string): string {
  return `limits/token/${jti}`;
}

function tokenKey(jti: string, ten: string | undefined): Key {
  return { partition: tokenPartition(jti), sort: sha256Hex(ten ?? '') };
}
