import type { AlgorithmName } from '../algorithms.ts';
import { readVerificationKey, type VerificationKey } from './verification-key.ts';

/** The keys of an issuer, as they were at one time. */
export interface VerificationKeys {
  /** The keys of that name; without a name all of them. */
  named(kid: string | undefined): readonly VerificationKey[];
  has(key: VerificationKey): boolean;
}

/** More than an issuer needs, and few enough to be read at once. */
const MAX_KEYS = 100;

/** The keys that were read, by their JSON: a set that is read again gives the same ones. */
export type ReadKeys = Map<string, VerificationKey | string>;

/**
 * Reads a JSON Web Key Set: each key that can be used, and of two that cannot be told apart neither.
 *
 * @param jwks - its JSON
 * @param accepted - algorithms
 * @param known - what earlier sets had; is brought up to date
 * @returns the keys, or in words why the set as a whole cannot be used
 * @see RFC 7517 section 5
 */
export function readVerificationKeys(
  jwks: unknown,
  accepted: readonly AlgorithmName[],
  known: ReadKeys = new Map(),
): VerificationKeys | string {
  const keys = typeof jwks === 'object' && jwks !== null && 'keys' in jwks ? jwks.keys : undefined;
  if (!Array.isArray(keys)) return 'it is no JSON Web Key Set';
  if (keys.length > MAX_KEYS) return `it has ${keys.length} keys, more than ${MAX_KEYS}`;

  // Written by JSON.stringify, so that a key that is listed twice in the same words is one key.
  const read: ReadKeys = new Map(
    keys.map((jwk: unknown) => {
      const text = JSON.stringify(jwk);
      return [text, known.get(text) ?? readVerificationKey(jwk, accepted)];
    }),
  );
  known.clear();
  for (const [text, key] of read) known.set(text, key);

  const usable = [...read.values()].filter((key) => typeof key !== 'string');
  const alike = (one: VerificationKey) => (other: VerificationKey) =>
    one.kid !== undefined && one.kid === other.kid && one.algorithm === other.algorithm;
  const single = usable.filter((key) => usable.filter(alike(key)).length <= 1);
  const twins = usable.filter((key) => !single.includes(key)).map(({ kid }) => `two have the kid ${kid}`);
  if (single.length === 0) {
    const unused = [...[...read.values()].filter((key) => typeof key === 'string'), ...new Set(twins)];
    return `it has no key that can be used (${unused.join(', ') || 'it is empty'})`;
  }
  return indexed(single);
}

function indexed(keys: readonly VerificationKey[]): VerificationKeys {
  const byKid = new Map<string | undefined, VerificationKey[]>();
  for (const key of keys) byKid.set(key.kid, [...(byKid.get(key.kid) ?? []), key]);
  const all = new Set(keys);
  return {
    named: (kid) => (kid === undefined ? keys : (byKid.get(kid) ?? [])),
    has: (key) => all.has(key),
  };
}
