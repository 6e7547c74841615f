import { fail } from '../errors.ts';

/**
 * Refuses an access token for its form.
 *
 * @throws ACCESS_TOKEN_MALFORMED
 */
export function malformed(reason: string, options?: ErrorOptions): never {
  return fail('ACCESS_TOKEN_MALFORMED', { reason }, options);
}
