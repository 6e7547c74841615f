import {
  createPrivateKey,
  createSecretKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '../errors.ts';
import { createCertificate, fingerprintOf } from './certificate.ts';
import type { KeySet, SealingCertificate, SigningKey, SymmetricKey } from './keyset.ts';

const SECRET_BYTES = 32;

/** A key of a JWK set, with the members that are used here. */
export interface StoredKey extends JsonWebKey {
  readonly kid?: string;
  readonly use?: string;
  readonly alg?: string;
  readonly x5c?: readonly string[];
  /** When it was made: seconds since the epoch. */
  readonly iat?: number;
}

/**
 * Reads the key file of a data folder, and makes it where there is none.
 *
 * The file is a JWK set (RFC 7517) with mode 0600: a signing key, a symmetric key, and an RSA key with its certificate.
 *
 * @throws KEYS_OUT_OF_REACH, KEYS_READABLE, KEYS_INVALID
 */
export async function readKeyFile(dataFolder: string, now: number): Promise<KeySet> {
  const file = join(dataFolder, 'keys');
  const text = await readOrCreate(dataFolder, file, now).catch((cause: NodeJS.ErrnoException) =>
    fail('KEYS_OUT_OF_REACH', { file, reason: reasonOf(cause, dataFolder) }, { cause }),
  );
  // Windows has no modes.
  if (process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0) fail('KEYS_READABLE', { file });
  try {
    return toKeySet((JSON.parse(text) as { keys: StoredKey[] }).keys);
  } catch {
    // Why is not told: a parser quotes what it could not read.
    return fail('KEYS_INVALID', { file, reason: 'it is damaged' });
  }
}

/** Who runs the kit in the home folder finds the original client there first. */
function reasonOf({ code, message }: NodeJS.ErrnoException, dataFolder: string): string {
  if (code !== 'ENOTDIR') return code ?? message;
  return `${dataFolder} is a file, as in the home folder, where it holds the profiles of wt-cli`;
}

async function readOrCreate(dataFolder: string, file: string, now: number): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // readFile throws nothing else
    return createKeyFile(dataFolder, file, now);
  }
}

/** Two processes may do this at once: the file appears whole, and only for one of them; both read that one. */
async function createKeyFile(dataFolder: string, file: string, now: number): Promise<string> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await chmod(dataFolder, 0o700);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${JSON.stringify({ keys: await generateKeys(now) }, null, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // link throws nothing else
  } finally {
    await rm(draft);
  }
  return readFile(file, 'utf8');
}

/**
 * Makes the keys of a cluster: one of each kind.
 *
 * @param now - milliseconds since the epoch
 */
export async function generateKeys(now: number): Promise<StoredKey[]> {
  const secret = () => randomBytes(SECRET_BYTES).toString('base64url');
  const id = () => randomBytes(8).toString('hex');
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const pem = createCertificate(privateKey, `01${id()}`, now);
  const iat = Math.floor(now / 1000);
  return [
    { kty: 'oct', use: 'sig', alg: 'HS256', kid: id(), iat, k: secret() },
    { kty: 'oct', use: 'enc', alg: 'dir', kid: id(), iat, k: secret() },
    {
      ...privateKey.export({ format: 'jwk' }),
      use: 'enc',
      alg: 'RSA-OAEP-256',
      kid: fingerprintOf(pem),
      iat,
      x5c: [pem.replace(/-----[^-]+-----|\s/g, '')],
    },
  ];
}

function toKeySet(keys: readonly StoredKey[]): KeySet {
  const signing = keys
    .filter((key) => key.use === 'sig' && key.alg === 'HS256')
    .map((key): [string, SigningKey] => {
      const secret = secretOf(key);
      return [key.kid ?? '', { kid: key.kid ?? '', algorithm: 'HS256', verifyWith: secret, signWith: secret }];
    });
  // The first of each kind is in use; the others are from before.
  const [symmetric, ...oldSymmetric] = keys.filter((key) => key.alg === 'dir').map(toSymmetric);
  const [certificate, ...oldCertificates] = keys.filter((key) => key.alg === 'RSA-OAEP-256').map(toCertificate);
  return {
    signing: new Map(signing),
    current: signing[0]?.[1],
    symmetric,
    certificate,
    earlier: { symmetric: oldSymmetric, certificates: oldCertificates },
  };
}

function toSymmetric(key: StoredKey): SymmetricKey {
  return { kid: key.kid ?? '', key: secretOf(key) };
}

function toCertificate(key: StoredKey): SealingCertificate {
  const text = (key.x5c?.[0] ?? '').replace(/.{64}/g, '$&\n');
  return {
    fingerprint: key.kid ?? '',
    pem: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
    privateKey: createPrivateKey({ key, format: 'jwk' }),
  };
}

/** A key that was lost would otherwise be one of no bytes, which everybody has. */
function secretOf({ k = '' }: StoredKey): KeyObject {
  const secret = Buffer.from(k, 'base64url');
  if (secret.length < SECRET_BYTES) throw new RangeError('the secret is too short');
  return createSecretKey(secret);
}
