const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Reads one segment of the mappings of a source map: numbers, each as groups of five bits, the lowest group first and
 * its lowest bit the sign.
 *
 * @see https://tc39.es/ecma426/#sec-base64-vlq
 */
export function decodeSegment(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let bits = 0;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) * 2 ** bits;
    bits += 5;
    if (digit & 32) continue; // more groups follow
    numbers.push((value % 2 === 1 ? -1 : 1) * Math.floor(value / 2));
    value = 0;
    bits = 0;
  }
  return numbers;
}

/** Writes what {@link decodeSegment} reads. */
export function encodeSegment(numbers: readonly number[]): string {
  return numbers.map(encode).join('');
}

function encode(number: number): string {
  let rest = Math.abs(number) * 2 + (number < 0 ? 1 : 0);
  let text = '';
  do {
    const digit = rest % 32;
    rest = Math.floor(rest / 32);
    text += DIGITS[rest > 0 ? digit + 32 : digit];
  } while (rest > 0);
  return text;
}
