import { createPrivateKey, createPublicKey } from 'node:crypto';
import { fail } from '../../errors.ts';

/** Signs what is said here, so that others can pass it on. */
export interface JwtSigner {
  /**
   * @param typ - the kind of JWT, so that none passes for another (RFC 8725 section 3.11)
   * @param claims - what it says beside `iss` and `iat`
   */
  sign(typ: string, claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** The public key, for those who check. */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
}

/**
 * Makes a signer of a private key: of a curve P-256 (ES256), Ed25519 (EdDSA), or RSA of 2048 bits or more (RS256).
 *
 * @param pem - PKCS#8
 * @param issuer - who signs
 * @throws IDENTITY_CONFIG_INVALID
 */
export async function createJwtSigner(pem: string, issuer: string): Promise<JwtSigner> {
  const { calculateJwkThumbprint, SignJWT } = await import('jose');
  const key = readKey(pem);
  const alg = algorithmOf(key);
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(jwk as Record<string, string>); // of the three kinds that it can be
  return {
    sign: (typ, claims) =>
      new SignJWT({ iss: issuer, ...claims }).setProtectedHeader({ alg, kid, typ }).setIssuedAt().sign(key),
    jwks: { keys: [{ ...jwk, kid, alg, use: 'sig' }] },
  };
}

function readKey(pem: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    return fail('IDENTITY_CONFIG_INVALID', { what: 'signingKey', reason: 'it is no private key in PEM' }, { cause });
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: ReturnType<typeof createPrivateKey>): string {
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return 'RS256';
  return fail('IDENTITY_CONFIG_INVALID', {
    what: 'signingKey',
    reason: 'it is neither P-256, Ed25519 nor RSA of 2048 bits',
  });
}
