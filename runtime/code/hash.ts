import { createHash } from 'node:crypto';

/** The SHA-256 of bytes, in lower-case hexadecimal: the claim `url_sha256`. */
export function sha256Hex(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
