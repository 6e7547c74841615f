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
 * @see RFC 7515 section 2
 */
export function decodeBase64url(text: string, what: string, refuse: Refuse): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) refuse(`${what} is not canonical base64url`);
  return bytes;
}
