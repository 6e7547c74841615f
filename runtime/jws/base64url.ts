import { isUtf8 } from 'node:buffer';
import type { Refuse } from './refuse.ts';

/** Characters that decoders take for ones of the alphabet, by their lower halves. A text in bytes is never looked through. */
const WIDE = /[^\0-\xff]/;

/** The last characters whose unused bits are zero, by the number of characters beyond whole groups of four. */
const LAST = { 2: 'AQgw', 3: 'AEIMQUYcgkosw048' } as const;

/**
 * Decodes base64url that is spelled in the one canonical way.
 *
 * Decoders pass over padding, line ends, the other alphabet and stray last bits; each of these is a second spelling
 * of one token, and so a way around everything that is remembered by its text.
 *
 * @param text - without padding
 * @param what - named in the error
 * @param refuse - throws the error
 * @see RFC 7515 section 2
 */
export function decodeBase64url(text: string, what: string, refuse: Refuse): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (!isCanonical(text, bytes.length)) refuse(`${what} is not canonical base64url`);
  return bytes;
}

/** Where texts are decoded, which are short: memory of its own for each costs as much as the rest. */
const scratch = Buffer.allocUnsafeSlow(8 * 1024);

/** Decodes base64url as {@link decodeBase64url} does, and reads the bytes as UTF-8. */
export function decodeText(part: string, what: string, refuse: Refuse): string {
  const bytes = part.length <= scratch.length ? scratch : Buffer.allocUnsafe(part.length);
  const length = bytes.write(part, 'base64url');
  if (!isCanonical(part, length)) refuse(`${what} is not canonical base64url`);
  const text = bytes.toString('utf8', 0, length);
  // What is no UTF-8 becomes this character, which a text may have as well.
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(0, length))) refuse(`${what} is not UTF-8`);
  return text;
}

/**
 * Whether a text is the canonical spelling of what was decoded from it. Decoders leave out what they do not know, and then
 * there are too few bytes; what they take for another spelling is looked for.
 *
 * @param bytes - how many it was decoded to
 */
function isCanonical(text: string, bytes: number): boolean {
  const rest = text.length % 4;
  if (rest === 1 || bytes !== (text.length * 3) >> 2) return false;
  if (rest !== 0 && !LAST[rest as 2 | 3].includes(text.charAt(text.length - 1))) return false; // 0 to 3 without 1
  return !text.includes('+') && !text.includes('/') && !WIDE.test(text);
}
