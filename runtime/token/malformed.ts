import { fail } from '../errors.ts';

/**
 * Refuses a webtask token for its form.
 *
 * @throws TOKEN_MALFORMED
 */
export function malformed(reason: string, options?: ErrorOptions): never {
  return fail('TOKEN_MALFORMED', { reason }, options);
}
