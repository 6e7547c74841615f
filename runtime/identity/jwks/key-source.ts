import type { VerificationKey } from './verification-key.ts';
import type { VerificationKeys } from './verification-keys.ts';

/** Finds in a set the key of one token; throws where no other set could help. */
export type Lookup = (keys: VerificationKeys) => VerificationKey | undefined;

/** Where a verifier has its keys from. */
export interface KeySource {
  /** The keys that may be used now; `undefined` where they have to be fetched before. */
  current(): VerificationKeys | undefined;
  /**
   * Looks for a key in what is fetched after this call, in a fetch that is shared by all who look. Absent where the keys
   * are given and there is nothing to fetch.
   *
   * @returns `undefined` where the issuer does not publish it
   * @throws JWKS_UNAVAILABLE where the issuer cannot be asked, and what `lookup` throws
   */
  readonly find?: (lookup: Lookup) => Promise<VerificationKey | undefined>;
}
