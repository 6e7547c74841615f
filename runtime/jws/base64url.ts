import type { Refuse } from './refuse.ts';

/**
 * Decodes base64url that is spelled in the one canonical way.
 *
 * Decoders pass over padding, line ends, the other alphabet and stray last bits; each of these is a second spelling
 * of one token, and so a way around everything that is remembered by its text.
 *
 * @param text - without padding
 * @param what - named in the error
 * @param refuse - throws the error
 * @param into - where the bytes are put, where they fit in: until its next use
 * @see RFC 7515 section 2
 */
export function decodeBase64url(text: string, what: string, refuse: Refuse, into?: Buffer): Buffer {
  const fits = into !== undefined && text.length <= into.length;
  const bytes = fits ? into.subarray(0, into.write(text, 'base64url')) : Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) refuse(`${what} is not canonical base64url`);
  return bytes;
}
