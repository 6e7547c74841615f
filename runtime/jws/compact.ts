import { decodeBase64url, decodeText } from './base64url.ts';
import type { Refuse } from './refuse.ts';
import { parseStrictObject } from './strict-json.ts';

/** A signed token that was taken apart and not yet believed. */
export interface CompactJws {
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
  /** What was signed: header and payload as they are spelled, with a dot between. */
  readonly signingInput: string;
  readonly signature: Buffer;
}

/**
 * Takes a token in JWS Compact Serialization apart, strictly, without looking at keys, algorithms or times.
 *
 * The length is looked at before anything else, so that a large token costs nothing.
 *
 * @param token - whose payload is a JSON object
 * @param maxLength - in characters
 * @param refuse - throws the error
 * @see RFC 7515 section 5.2, RFC 8725 section 3
 */
export function parseCompact(token: string, maxLength: number, refuse: Refuse): CompactJws {
  if (token.length > maxLength) refuse(`it is longer than ${maxLength} characters`);
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  const isThree = first >= 0 && second > first && token.indexOf('.', second + 1) < 0;
  if (!isThree) refuse(`it has ${token.split('.').length} parts in place of 3`);
  return {
    header: parseHeader(token.slice(0, first), refuse),
    payload: parseStrictObject(decodeText(token.slice(first + 1, second), 'payload', refuse), 'payload', refuse),
    signingInput: token.slice(0, second),
    signature: decodeBase64url(token.slice(second + 1), 'signature', refuse),
  };
}

let lastHeader: { readonly text: string; readonly header: Record<string, unknown> } | undefined;

/** The header of one token is mostly that of the next, character by character. */
function parseHeader(text: string, refuse: Refuse): Record<string, unknown> {
  if (lastHeader?.text !== text) {
    lastHeader = { text, header: parseStrictObject(decodeText(text, 'header', refuse), 'header', refuse) };
  }
  return lastHeader.header;
}
