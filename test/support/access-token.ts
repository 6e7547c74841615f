import { generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { ALGORITHMS, type Algorithm, type AlgorithmName } from '../../runtime/identity/algorithms.ts';
import { createVerifier, type Verifier, type VerifierOptions } from '../../runtime/identity/index.ts';
import { NOW, part } from './keys.ts';

export const ISSUER = 'https://login.example.com/';
export const AUDIENCE = 'https://api.example.com';

/** What a token of RFC 9068 says, a minute after it was issued. */
export const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'auth0|ada',
  client_id: 'shop',
  iat: NOW - 60,
  exp: NOW + 3600,
  jti: 'a1',
  scope: 'read:orders write:orders',
};

/** A key of an issuer: what it publishes, and what it signs with. */
export interface IssuerKey {
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly privateKey: KeyObject;
  /** Signs a token of {@link CLAIMS}; what is given takes the place of what is there, and `undefined` takes it away. */
  sign(claims?: object, header?: object): string;
  /** Signs any texts, whatever they are. */
  signRaw(header: string | Buffer, payload: string | Buffer): string;
}

/** The RSA key of all: making one takes most of a second. */
let rsaKey: KeyObject | undefined;

/** Makes a key, and the token that it signs. */
export function issuerKey(kid: string, alg: AlgorithmName = 'ES256', privateKey = newKey(alg)): IssuerKey {
  const { publicKey, algorithm } = { publicKey: publicJwk(privateKey), algorithm: ALGORITHMS[alg] as Algorithm };
  const signRaw: IssuerKey['signRaw'] = (header, payload) => {
    const signingInput = `${part(header)}.${part(payload)}`;
    const signature = signBytes(algorithm.hash, Buffer.from(signingInput), { key: privateKey, ...algorithm.options });
    return `${signingInput}.${signature.toString('base64url')}`;
  };
  return {
    jwk: { ...publicKey, kid, alg, use: 'sig' },
    privateKey,
    signRaw,
    sign: (claims = {}, header = {}) =>
      signRaw(JSON.stringify({ alg, typ: 'at+jwt', kid, ...header }), JSON.stringify({ ...CLAIMS, ...claims })),
  };
}

/** A verifier of tokens for {@link AUDIENCE} with given keys. */
export function verifierOf(keys: readonly (IssuerKey | object)[], options: Partial<VerifierOptions> = {}): Verifier {
  const jwks = { keys: keys.map((key) => ('jwk' in key ? (key.jwk as object) : key)) };
  return createVerifier({ issuer: ISSUER, audience: AUDIENCE, jwks, ...options });
}

/** The public half of a key, as an issuer publishes it. */
export function publicJwk(key: KeyObject): Record<string, unknown> {
  const { d, p, q, dp, dq, qi, ...rest } = key.export({ format: 'jwk' });
  return rest;
}

function newKey(alg: AlgorithmName): KeyObject {
  const { keyType, curve }: Algorithm = ALGORITHMS[alg];
  if (keyType === 'RSA') {
    rsaKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    return rsaKey;
  }
  if (keyType === 'EC') return generateKeyPairSync('ec', { namedCurve: curve ?? '' }).privateKey;
  return generateKeyPairSync('ed25519').privateKey;
}
