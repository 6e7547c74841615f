import type { JwtClaims } from '../claims.ts';
import { NAMES, type VerifiedToken } from '../revocation-status.ts';
import { CLOCKS_DIFFER } from './clock.ts';
import type { Denylist } from './denylist.ts';
import type { RevocationKind } from './entry.ts';
import type { Keys } from './key.ts';
import { ALWAYS } from './table.ts';

/** What of a token an entry may name. */
export interface Selector {
  readonly kind: RevocationKind;
  readonly key: string;
}

/** Finds what forbids a token. */
export interface Matcher {
  /**
   * The kind of entry that forbids it, as far as the denylist knows.
   *
   * @param now - seconds since the epoch
   */
  match(token: VerifiedToken, now: number): RevocationKind | undefined;
  /** Everything of it that an entry may name, in the order in which one is named as the cause. */
  selectorsOf(token: VerifiedToken): readonly Selector[];
}

/** Where claims say what an entry may name. */
const NAMED: readonly (readonly [RevocationKind, string])[] = [
  ['sid', 'sid'],
  ['grant', 'grant_id'],
  ['sub', 'sub'],
  ['client', 'client_id'],
  ['client', 'azp'],
];

/**
 * Makes what finds the entries that name a token, by the keys of one tenant.
 *
 * The keys of a token are made once and kept with it; the answer is looked up every time.
 */
export function createMatcher(keys: Keys, denylist: Denylist): Matcher {
  const places: readonly Place[] = [
    { kind: 'jti', keyOf: (token) => ofToken(keys, token) },
    ...NAMED.map(([kind, claim]) => ({ kind, keyOf: (token: VerifiedToken) => ofClaim(keys, kind, token, claim) })),
    { kind: 'issuer', keyOf: ({ claims }) => keys('issuer', claims.iss, '') },
    { kind: 'tenant', keyOf: () => keys('tenant', '', '') },
  ];
  let kinds: readonly RevocationKind[] = [];
  let asked: readonly number[] = [];

  /** The places of which there ever were entries: in most denylists one or two. */
  function placesAsked(): readonly number[] {
    const now = denylist.kinds();
    if (now !== kinds) {
      kinds = now;
      asked = places.flatMap(({ kind }, at) => (now.includes(kind) ? [at] : []));
    }
    return asked;
  }

  /** By place, as far as they were made; null where a token has none. Not kept for what is asked for the first time. */
  function madeOf(token: VerifiedToken): (string | null | undefined)[] | undefined {
    const kept = token[NAMES];
    if (kept?.of === keys) return kept.keys;
    if (kept === undefined) {
      if (NAMES in token) token[NAMES] = null;
      return undefined;
    }
    const made: (string | null | undefined)[] = [];
    token[NAMES] = { of: keys, keys: made };
    return made;
  }

  return {
    match(token, now) {
      const made = madeOf(token);
      for (const at of placesAsked()) {
        const { kind, keyOf } = places[at] as Place; // within its length
        if (!denylist.mayHave(kind, now)) continue;
        let key = made?.[at];
        if (key === undefined) {
          key = keyOf(token) ?? null;
          if (made) made[at] = key;
        }
        if (key !== null && forbids(denylist.find(key), token.claims.iat, now)) return kind;
      }
      return undefined;
    },
    selectorsOf(token) {
      return places.flatMap(({ kind, keyOf }) => {
        const key = keyOf(token);
        return key === undefined ? [] : [{ kind, key }];
      });
    },
  };
}

/** Where a token may be named. */
interface Place {
  readonly kind: RevocationKind;
  readonly keyOf: (token: VerifiedToken) => string | undefined;
}

/**
 * Whether an entry forbids a token that was issued then. In whole seconds, and those of the entry's own are forbidden:
 * which came first within one nobody can tell. A token that does not say when it was issued may be of any age, and so
 * may one that says it will be.
 *
 * @param notBefore - of the entry, {@link ALWAYS} where it has none, -1 where there is no entry
 */
export function forbids(notBefore: number, iat: unknown, now: number): boolean {
  if (notBefore < 0) return false;
  if (notBefore === ALWAYS || typeof iat !== 'number' || !(iat <= now + CLOCKS_DIFFER)) return true;
  return Math.floor(iat) <= notBefore;
}

/** By its id; a token without, by the hash of what is signed in it. */
function ofToken(keys: Keys, { claims, digest }: VerifiedToken): string {
  const jti = own(claims, 'jti');
  return typeof jti === 'string' && jti !== '' ? keys('jti', claims.iss, jti) : keys('digest', claims.iss, digest());
}

function ofClaim(keys: Keys, kind: RevocationKind, { claims }: VerifiedToken, claim: string): string | undefined {
  const id = own(claims, claim);
  return typeof id === 'string' ? keys(kind, claims.iss, id) : undefined;
}

/** A claim of the token itself, and nothing that every object has. */
function own(claims: JwtClaims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}
