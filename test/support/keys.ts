import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { KeySet, SigningKey } from '../../runtime/token/index.ts';

/** 2027-01-15T08:00:00Z, in seconds since the epoch. */
export const NOW = 1_800_000_000;

/** A key for HS256, whose secret is one letter 32 times. */
export function hmacKey(kid: string, letter = 'k'): SigningKey & { readonly signWith: KeyObject } {
  const secret = createSecretKey(Buffer.from(letter.repeat(32)));
  return { kid, algorithm: 'HS256', verifyWith: secret, signWith: secret };
}

/** A new key for RS256. */
export function rsaKey(kid: string): SigningKey & { readonly signWith: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid, algorithm: 'RS256', verifyWith: publicKey, signWith: privateKey };
}

/** A new key for ES256. */
export function ecKey(kid: string): SigningKey & { readonly signWith: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, algorithm: 'ES256', verifyWith: publicKey, signWith: privateKey };
}

/** The keys of a cluster that signs with the first and trusts all of these. */
export function keySet(signing: readonly SigningKey[], others: Partial<KeySet> = {}): KeySet {
  return {
    signing: new Map(signing.map((key) => [key.kid, key])),
    current: signing[0],
    certificate: undefined,
    symmetric: undefined,
    ...others,
  };
}

/** A part of a token: text and bytes as they are, anything else as JSON. */
export function part(content: unknown): string {
  const isRaw = typeof content === 'string' || Buffer.isBuffer(content);
  return Buffer.from(isRaw ? content : JSON.stringify(content)).toString('base64url');
}

/** Signs any two texts with HMAC and SHA-256, as no library would. */
export function signByHand(header: string, payload: string, secret: KeyObject | string): string {
  const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
  return `${header}.${payload}.${signature}`;
}
