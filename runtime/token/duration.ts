import { fail } from '../errors.ts';

const SECONDS = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60 } as const;

/**
 * Reads a duration as people write it.
 *
 * @param text - a whole number and one of `s`, `m`, `h`, `d`
 * @returns seconds
 * @throws DURATION_INVALID
 * @example
 * parseDuration('30d'); // 2592000
 */
export function parseDuration(text: string): number {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(text);
  const unit = match?.[2] as keyof typeof SECONDS | undefined; // one of the four
  if (!match || !unit) return fail('DURATION_INVALID', { text });
  return Number(match[1]) * SECONDS[unit];
}
