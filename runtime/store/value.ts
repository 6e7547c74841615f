import { fail } from '../errors.ts';

/**
 * Turns a value into the JSON text that is kept.
 *
 * @param maxBytes - the most that the store takes
 * @throws STORE_ITEM_TOO_LARGE
 */
export function toText(value: unknown, maxBytes: number): string {
  // What JSON has no word for, such as undefined, is null, as in a JSON array.
  const text = JSON.stringify(value) ?? 'null';
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) fail('STORE_ITEM_TOO_LARGE', { bytes, maxBytes });
  return text;
}
