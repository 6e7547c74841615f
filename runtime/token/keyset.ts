import type { KeyObject } from 'node:crypto';

/** The algorithms of token signatures. */
export type SigningAlgorithm = 'HS256' | 'RS256' | 'ES256';

/** A key that signs or verifies tokens, for one algorithm only. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly verifyWith: KeyObject;
  /** Absent where others sign and this cluster only trusts them. */
  readonly signWith?: KeyObject | undefined;
  /** Where given, tokens signed with this key are good for these containers only. */
  readonly containers?: readonly string[] | undefined;
}

/** The certificate that secrets are sealed to. */
export interface SealingCertificate {
  /** SHA-256 fingerprint in lower-case hexadecimal: the `kid` of its seals. */
  readonly fingerprint: string;
  readonly pem: string;
  /** Absent where only minting is wanted. */
  readonly privateKey?: KeyObject | undefined;
}

/** A key of 256 bits, for seals that only the cluster itself makes and opens. */
export interface SymmetricKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The keys of a cluster. */
export interface KeySet {
  /** By `kid`; several may be live at once. */
  readonly signing: ReadonlyMap<string, SigningKey>;
  /** The key that new tokens are signed with. */
  readonly current: SigningKey | undefined;
  readonly certificate: SealingCertificate | undefined;
  readonly symmetric: SymmetricKey | undefined;
  /** Keys that open what was sealed before they were replaced, and seal nothing more. */
  readonly earlier?: {
    readonly symmetric: readonly SymmetricKey[];
    readonly certificates: readonly SealingCertificate[];
  };
}
