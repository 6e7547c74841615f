import { constants } from 'node:crypto';

/** How one algorithm of JWS verifies, in the words of `node:crypto`. */
export interface Algorithm {
  readonly keyType: 'RSA' | 'EC' | 'OKP';
  /** The one curve that goes with it, in the words of JWK; RSA has none. */
  readonly curve?: string;
  /** EdDSA hashes by itself. */
  readonly hash?: string;
  readonly options: {
    readonly padding?: number;
    readonly saltLength?: number;
    readonly dsaEncoding?: 'ieee-p1363';
  };
  /** Bytes of a signature; those of RSA are as long as the key. */
  readonly signatureBytes?: number;
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
// The two numbers side by side, not DER (RFC 7518 section 3.4).
const ECDSA = { dsaEncoding: 'ieee-p1363' } as const;

/**
 * The algorithms of signatures that are verified: of public keys alone. There is no `none` to be switched on, and no HMAC
 * that a public key could be mistaken for the secret of.
 *
 * @see RFC 7518 section 3, RFC 8037, RFC 8725 section 3.2
 */
export const ALGORITHMS = {
  // RSASSA-PKCS1-v1_5 is what Node takes an RSA key for.
  RS256: { keyType: 'RSA', hash: 'sha256', options: {} },
  RS384: { keyType: 'RSA', hash: 'sha384', options: {} },
  RS512: { keyType: 'RSA', hash: 'sha512', options: {} },
  PS256: { keyType: 'RSA', hash: 'sha256', options: PSS },
  PS384: { keyType: 'RSA', hash: 'sha384', options: PSS },
  PS512: { keyType: 'RSA', hash: 'sha512', options: PSS },
  ES256: { keyType: 'EC', curve: 'P-256', hash: 'sha256', options: ECDSA, signatureBytes: 64 },
  ES384: { keyType: 'EC', curve: 'P-384', hash: 'sha384', options: ECDSA, signatureBytes: 96 },
  ES512: { keyType: 'EC', curve: 'P-521', hash: 'sha512', options: ECDSA, signatureBytes: 132 },
  EdDSA: { keyType: 'OKP', curve: 'Ed25519', options: {}, signatureBytes: 64 },
} as const satisfies Record<string, Algorithm>;

/** The name of a signature's algorithm, as a token's header says it. */
export type AlgorithmName = keyof typeof ALGORITHMS;

/** Whether a text names one of {@link ALGORITHMS}. */
export function isAlgorithm(name: unknown): name is AlgorithmName {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);
}
