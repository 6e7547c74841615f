import type { VerificationKeys } from './verification-keys.ts';

/** Where a verifier has its keys from. */
export interface KeySource {
  /** The keys that may be used now; `undefined` where they have to be fetched before. */
  current(): VerificationKeys | undefined;
  /**
   * The keys of a fetch that begins after this call, shared by all who wait for it. Absent where the keys are given and
   * there is nothing to fetch.
   *
   * @throws JWKS_UNAVAILABLE
   */
  readonly next?: () => Promise<VerificationKeys>;
}
