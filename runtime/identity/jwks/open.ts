import { fail } from '../../errors.ts';
import type { VerifierOptions, VerifierRules } from '../verifier-options.ts';
import type { KeySource } from './key-source.ts';
import { readVerificationKeys } from './verification-keys.ts';

/**
 * Opens the source of an issuer's keys.
 *
 * @throws VERIFIER_OPTION_INVALID
 */
export function openKeySource({ jwks }: VerifierOptions, { algorithms }: VerifierRules): KeySource {
  const keys = readVerificationKeys(jwks, algorithms);
  if (typeof keys === 'string')
    return fail('VERIFIER_OPTION_INVALID', { option: 'jwks', reason: `cannot be used: ${keys}` });
  return { current: () => keys };
}
