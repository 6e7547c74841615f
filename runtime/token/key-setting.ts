import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fail } from '../errors.ts';

/** Hexadecimal where every digit is one, otherwise base64url; a path, which decodes too, is neither. */
export function secretKey(setting: string, name: string): KeyObject {
  const hex = /^([0-9a-f]{2})+$/i.test(setting);
  const bytes = Buffer.from(setting, hex ? 'hex' : 'base64url');
  if (bytes.length < 32 || (!hex && bytes.toString('base64url') !== setting)) {
    invalid(name, 'it is not PEM, and not 32 bytes or more in base64url (without padding) or hexadecimal');
  }
  return createSecretKey(bytes);
}

/** The thumbprint of a key. @see RFC 7638 */
export function keyId(key: KeyObject): string {
  const { kty, k, crv, x, y, e, n } = key.export({ format: 'jwk' });
  const members = kty === 'oct' ? { k, kty } : kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** A setting holds a PEM text or the path of a file with one. */
export async function pemOf(setting: string, name: string): Promise<string> {
  if (isPem(setting)) return unescapeNewlines(setting);
  return readFile(setting, 'utf8').catch((cause) => invalid(name, `${setting} cannot be read`, cause));
}

/** Whether a setting is a PEM text. */
export function isPem(setting: string): boolean {
  return setting.includes('-----BEGIN ');
}

/** Variables are often given on one line, with `\n` written out. */
export function unescapeNewlines(pem: string): string {
  return pem.replaceAll('\\n', '\n');
}

/** Parses what a setting holds; a parser quotes what it could not read, so its words stay out of messages. */
export function readKey<T>(read: () => T, setting: string): T {
  try {
    return read();
  } catch (cause) {
    return invalid(setting, 'it cannot be parsed', cause);
  }
}

/** @throws KEY_SETTING_INVALID */
export function invalid(setting: string, reason: string, cause?: unknown): never {
  return fail('KEY_SETTING_INVALID', { setting, reason }, { cause });
}
