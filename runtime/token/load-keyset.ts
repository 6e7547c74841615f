import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintOf } from './certificate.ts';
import { readKeyFile, type StoredKey } from './key-file.ts';
import { invalid, isPem, keyId, pemOf, readKey, secretKey, unescapeNewlines } from './key-setting.ts';
import type { KeySet, SealingCertificate, SigningAlgorithm, SigningKey } from './keyset.ts';
import { readOtherCertificates, readOtherEncryptionKeys, readOtherSigningKeys } from './other-keys.ts';

/** Where keys come from. */
export interface KeySources {
  /** Holds the file `keys`, which is made on first use. */
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since the epoch. */
  readonly now?: number;
  /** Whether a key file is made where there is none, which is so unless this is false. */
  readonly mayMake?: boolean;
}

/** A limit that is given without the key that it limits would be passed over in silence. */
const GOES_WITH = {
  WEBTASK_SIGNING_KEY_ID: 'WEBTASK_SIGNING_KEY',
  WEBTASK_SIGNING_KEY_CONTAINERS: 'WEBTASK_SIGNING_KEY',
  WEBTASK_CERTIFICATE_KEY: 'WEBTASK_CERTIFICATE',
};

/**
 * Loads the keys of a cluster: the key file of the data folder, or what the environment says.
 *
 * With `WEBTASK_SIGNING_KEY` no file is read or made, so that a build machine holds what it was given and no more.
 *
 * @throws KEYS_OUT_OF_REACH, KEYS_READABLE, KEYS_INVALID, KEY_SETTING_INVALID, CERTIFICATE_UNUSABLE
 *
 * @example
 * const keys = await loadKeySet({ dataFolder: '.webtask', env: process.env });
 */
export async function loadKeySet(sources: KeySources): Promise<KeySet> {
  const { dataFolder, env, now = Date.now(), mayMake = true } = sources;
  for (const [setting, other] of Object.entries(GOES_WITH)) {
    if (env[setting] && !env[other]) invalid(setting, `it goes with ${other}, which is not set`);
  }
  const hasFile = !env.WEBTASK_SIGNING_KEY && (mayMake || existsSync(join(dataFolder, 'keys')));
  const fromFile = hasFile ? await readKeyFile(dataFolder, now) : undefined;
  const own = env.WEBTASK_SIGNING_KEY ? await readSigningKey(env.WEBTASK_SIGNING_KEY, env) : fromFile?.current;
  const signing = new Map(fromFile?.signing);
  if (own) signing.set(own.kid, own);
  const add = (setting: string, keys: readonly SigningKey[]): void => {
    for (const key of keys) {
      if (signing.has(key.kid)) invalid(setting, `there are two keys of the kid ${key.kid}`);
      signing.set(key.kid, key);
    }
  };
  add('WEBTASK_OTHER_SIGNING_KEYS', readOtherSigningKeys(env, own?.containers));
  if (env.WEBTASK_TRUSTED_KEYS) add('WEBTASK_TRUSTED_KEYS', await readTrustedKeys(env.WEBTASK_TRUSTED_KEYS));
  const symmetric = [...(fromFile?.earlier?.symmetric ?? []), ...readOtherEncryptionKeys(env)];
  const certificates = [...(fromFile?.earlier?.certificates ?? []), ...(await readOtherCertificates(env))];
  return {
    signing,
    current: own,
    certificate: env.WEBTASK_CERTIFICATE ? await readCertificate(env) : fromFile?.certificate,
    symmetric: env.WEBTASK_ENCRYPTION_KEY ? readSymmetric(env.WEBTASK_ENCRYPTION_KEY) : fromFile?.symmetric,
    ...(fromFile || symmetric.length + certificates.length > 0 ? { earlier: { symmetric, certificates } } : {}),
  };
}

async function readSigningKey(setting: string, env: NodeJS.ProcessEnv): Promise<SigningKey> {
  const containers = env.WEBTASK_SIGNING_KEY_CONTAINERS?.split(',').map((name) => name.trim());
  if (containers?.includes('')) invalid('WEBTASK_SIGNING_KEY_CONTAINERS', 'it holds an empty name');
  // Other characters do not come through the libraries that write headers.
  if (!/^[ -~]*$/.test(env.WEBTASK_SIGNING_KEY_ID ?? ''))
    invalid('WEBTASK_SIGNING_KEY_ID', 'it is not printable ASCII');
  const limits = containers && { containers };
  if (!isPem(setting)) {
    const secret = secretKey(setting, 'WEBTASK_SIGNING_KEY');
    const kid = env.WEBTASK_SIGNING_KEY_ID || keyId(secret);
    return { kid, algorithm: 'HS256', verifyWith: secret, signWith: secret, ...limits };
  }
  const signWith = readKey(() => createPrivateKey(unescapeNewlines(setting)), 'WEBTASK_SIGNING_KEY');
  const verifyWith = createPublicKey(signWith);
  const kid = env.WEBTASK_SIGNING_KEY_ID || keyId(verifyWith);
  return { kid, algorithm: algorithmOf(verifyWith, 'WEBTASK_SIGNING_KEY'), verifyWith, signWith, ...limits };
}

/** Public keys of others whose tokens are accepted, such as a build machine's. */
async function readTrustedKeys(path: string): Promise<SigningKey[]> {
  const setting = 'WEBTASK_TRUSTED_KEYS';
  const text = await readFile(path, 'utf8').catch((cause) => invalid(setting, `${path} cannot be read`, cause));
  const set = readKey(() => JSON.parse(text) as { keys?: (StoredKey & { containers?: string[] })[] } | null, setting);
  if (!Array.isArray(set?.keys)) return invalid(setting, `${path} is no JWK set`);
  return set.keys.map((jwk) => {
    const verifyWith = readKey(() => createPublicKey({ key: jwk, format: 'jwk' }), setting);
    const algorithm = algorithmOf(verifyWith, setting);
    const { kid = keyId(verifyWith), containers } = jwk;
    // In a text in place of a list, every part of a name would pass for the name.
    if (containers !== undefined && !Array.isArray(containers))
      invalid(setting, `the containers of ${kid} are no list`);
    return { kid, algorithm, verifyWith, containers };
  });
}

/**
 * Loads a certificate that secrets are sealed to and that nothing is opened with here.
 *
 * @param given - PEM, or the path of a PEM file
 * @param setting - what gave it, for messages
 * @throws KEY_SETTING_INVALID, CERTIFICATE_UNUSABLE
 */
export async function loadCertificate(given: string, setting: string): Promise<SealingCertificate> {
  const pem = await pemOf(given, setting);
  return { fingerprint: fingerprintOf(pem), pem };
}

async function readCertificate(env: NodeJS.ProcessEnv): Promise<SealingCertificate> {
  const { pem, fingerprint } = await loadCertificate(env.WEBTASK_CERTIFICATE ?? '', 'WEBTASK_CERTIFICATE');
  if (!env.WEBTASK_CERTIFICATE_KEY) return { fingerprint, pem };
  const key = await pemOf(env.WEBTASK_CERTIFICATE_KEY, 'WEBTASK_CERTIFICATE_KEY');
  const privateKey = readKey(() => createPrivateKey(key), 'WEBTASK_CERTIFICATE_KEY');
  if (!new X509Certificate(pem).checkPrivateKey(privateKey)) {
    invalid('WEBTASK_CERTIFICATE_KEY', 'it is not the key of WEBTASK_CERTIFICATE');
  }
  return { fingerprint, pem, privateKey };
}

function readSymmetric(setting: string): KeySet['symmetric'] {
  const key = secretKey(setting, 'WEBTASK_ENCRYPTION_KEY');
  if (key.symmetricKeySize !== 32) invalid('WEBTASK_ENCRYPTION_KEY', 'it does not have 32 bytes');
  return { kid: keyId(key), key };
}

function algorithmOf(key: KeyObject, setting: string): SigningAlgorithm {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'RS256';
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  return invalid(setting, 'a key is neither RSA of 2048 bits or more (RS256) nor EC on P-256 (ES256)');
}
