import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { fingerprintOf } from './certificate.ts';
import { invalid, keyId, pemOf, readKey, secretKey } from './key-setting.ts';
import type { SealingCertificate, SigningKey, SymmetricKey } from './keyset.ts';

/** A key as a list of them has it. */
interface ListedKey {
  readonly kid: string;
  readonly secret: KeyObject;
}

/**
 * Reads `WEBTASK_OTHER_SIGNING_KEYS`: HS256 keys whose tokens are accepted, and that sign nothing. They are the former
 * key while tokens of it are about, or the next one while other servers begin to use it.
 *
 * @param containers - the limit of the key that signs, which holds for these too
 * @throws KEY_SETTING_INVALID
 */
export function readOtherSigningKeys(env: NodeJS.ProcessEnv, containers: readonly string[] | undefined): SigningKey[] {
  return readList('WEBTASK_OTHER_SIGNING_KEYS', env).map(({ kid, secret }) => ({
    kid,
    algorithm: 'HS256',
    verifyWith: secret,
    signWith: secret,
    ...(containers && { containers }),
  }));
}

/**
 * Reads `WEBTASK_OTHER_ENCRYPTION_KEYS`: keys that open what was sealed with them, and that seal nothing.
 *
 * @throws KEY_SETTING_INVALID
 */
export function readOtherEncryptionKeys(env: NodeJS.ProcessEnv): SymmetricKey[] {
  const setting = 'WEBTASK_OTHER_ENCRYPTION_KEYS';
  return readList(setting, env).map(({ kid, secret }) => {
    if (secret.symmetricKeySize !== 32) invalid(setting, 'a key does not have 32 bytes');
    return { kid, key: secret };
  });
}

/**
 * Reads `WEBTASK_OTHER_CERTIFICATES`: certificates to which nothing is sealed any more, with the private keys that open
 * what was.
 *
 * @throws KEY_SETTING_INVALID, CERTIFICATE_UNUSABLE
 */
export async function readOtherCertificates(env: NodeJS.ProcessEnv): Promise<SealingCertificate[]> {
  const setting = 'WEBTASK_OTHER_CERTIFICATES';
  const given = env[setting];
  if (!given) return [];
  const blocks = (await pemOf(given, setting)).match(/-----BEGIN ([A-Z ]+)-----.+?-----END \1-----/gs) ?? [];
  const isCertificate = (pem: string): boolean => pem.startsWith('-----BEGIN CERTIFICATE-----');
  const privateKeys = blocks
    .filter((pem) => !isCertificate(pem))
    .map((pem) => readKey(() => createPrivateKey(pem), setting));
  const certificates = blocks.filter(isCertificate).map((block) => {
    const pem = `${block}\n`;
    const fingerprint = fingerprintOf(pem);
    const certificate = new X509Certificate(pem);
    const privateKey = privateKeys.find((key) => certificate.checkPrivateKey(key));
    return { fingerprint, pem, privateKey: privateKey ?? invalid(setting, `the key of ${fingerprint} is not there`) };
  });
  if (certificates.length === 0) invalid(setting, 'it holds no certificate in PEM');
  return certificates;
}

/** Keys with commas between, each with its `kid` and a colon before it where that is not its thumbprint. */
function readList(setting: string, env: NodeJS.ProcessEnv): ListedKey[] {
  const given = env[setting];
  if (!given) return [];
  return given.split(',').map((entry) => {
    const [, kid, text = ''] = /^(?:(.+):)?([^:]*)$/.exec(entry.trim()) ?? [];
    const secret = secretKey(text, setting);
    return { kid: kid ?? keyId(secret), secret };
  });
}
