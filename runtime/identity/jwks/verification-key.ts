import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ALGORITHMS, type Algorithm, type AlgorithmName, isAlgorithm } from '../algorithms.ts';
import { weaknessOf } from './weak-rsa.ts';

/** A public key that verifies signatures, by one algorithm only. */
export interface VerificationKey {
  /** Absent where its issuer gave it no name. */
  readonly kid: string | undefined;
  readonly algorithm: AlgorithmName;
  readonly verify: (signingInput: string, signature: Buffer) => boolean;
}

/** Members that only a private or a symmetric key has. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Reads a JSON Web Key as one that verifies access tokens.
 *
 * The key decides the algorithm, never the token: its `alg`, and where it has none the first accepted one that goes with
 * its type.
 *
 * @param jwk - an element of a key set's `keys`
 * @param accepted - in the order in which they are taken for keys without `alg`
 * @returns the key, or in words why it is not used
 * @see RFC 7517 section 4, RFC 8725 sections 3.1 and 3.5
 */
export function readVerificationKey(jwk: unknown, accepted: readonly AlgorithmName[]): VerificationKey | string {
  if (typeof jwk !== 'object' || jwk === null) return 'it is no object';
  const members = jwk as Record<string, unknown>; // looked at one by one
  const { kid, use, key_ops: operations } = members;
  if (kid !== undefined && typeof kid !== 'string') return 'its kid is no text';
  const secret = SECRET_MEMBERS.find((name) => Object.hasOwn(members, name));
  if (secret !== undefined) return `its member "${secret}" should be known to nobody`;
  if (use !== undefined && use !== 'sig') return 'it is not for signatures (use)';
  if (operations !== undefined && !isForVerifying(operations)) return 'it is not for verifying (key_ops)';

  const algorithm = algorithmOf(members, accepted);
  if (algorithm === undefined) return `it is for none of ${accepted.join(', ')}`;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: members, format: 'jwk' });
  } catch {
    return 'it is no valid public key';
  }
  const weakness = key.asymmetricKeyType === 'rsa' ? weaknessOf(key) : undefined;
  return weakness ?? { kid, algorithm, verify: verifierOf(algorithm, key) };
}

function algorithmOf(jwk: Record<string, unknown>, accepted: readonly AlgorithmName[]): AlgorithmName | undefined {
  const { alg, kty, crv } = jwk;
  if (alg !== undefined && !isAlgorithm(alg)) return undefined;
  return accepted.find((name) => {
    const { keyType, curve }: Algorithm = ALGORITHMS[name];
    return (alg === undefined || alg === name) && kty === keyType && (curve === undefined || crv === curve);
  });
}

function isForVerifying(operations: unknown): boolean {
  return Array.isArray(operations) && operations.includes('verify') && new Set(operations).size === operations.length;
}

function verifierOf(name: AlgorithmName, key: KeyObject): VerificationKey['verify'] {
  const { hash, options, signatureBytes }: Algorithm = ALGORITHMS[name];
  const bytes = signatureBytes ?? Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  // The bare key where that says it all: Node reads it faster.
  const input = Object.keys(options).length === 0 ? key : { key, ...options };
  return (signingInput, signature) => {
    if (signature.length !== bytes) return false;
    const fits = signingInput.length * 3 <= scratch.length;
    const signed = fits ? scratch.subarray(0, scratch.write(signingInput)) : Buffer.from(signingInput);
    return verify(hash, signed, input, signature);
  };
}

/** Where what was signed is laid out: memory of its own for each costs more than to fill it. */
const scratch = Buffer.allocUnsafeSlow(24 * 1024);
