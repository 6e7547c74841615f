import { fail } from '../../errors.ts';
import type { VerifierOptions, VerifierRules } from '../verifier-options.ts';
import { discoverKeySet } from './discover.ts';
import { fetchJson, isTrustworthy } from './fetch-json.ts';
import type { KeySource } from './key-source.ts';
import { createRemoteKeys, type LoadKeySet } from './remote-keys.ts';
import { readVerificationKeys } from './verification-keys.ts';

const INTERVAL_MS = 1000;

/**
 * Opens the source of an issuer's keys: those that are given, those at a URL, or those that the issuer's metadata names.
 *
 * Nothing is fetched before the first token comes.
 *
 * @throws VERIFIER_OPTION_INVALID
 */
export function openKeySource({ issuer, jwks, jwksUri }: VerifierOptions, rules: VerifierRules): KeySource {
  const { algorithms, staleIfError } = rules;
  if (jwks !== undefined) {
    if (jwksUri !== undefined) invalid('jwksUri', 'is given together with jwks');
    const keys = readVerificationKeys(jwks, algorithms);
    return typeof keys === 'string' ? invalid('jwks', `cannot be used: ${keys}`) : { current: () => keys };
  }
  const option = jwksUri === undefined ? 'issuer' : 'jwksUri';
  if (!isTrustworthy(jwksUri ?? issuer)) {
    invalid(option, 'is no https URL that keys could be fetched from; http is for this machine alone');
  }
  const load = jwksUri === undefined ? loadDiscovered(issuer) : () => loadFrom(jwksUri);
  return createRemoteKeys(load, { algorithms, staleMs: staleIfError * 1000, intervalMs: INTERVAL_MS });
}

async function loadFrom(url: string): ReturnType<LoadKeySet> {
  return { ...(await fetchJson(url)), url };
}

/** Asks for the place of the keys once, and again after they were not there. */
function loadDiscovered(issuer: string): LoadKeySet {
  let url: string | undefined;
  return async () => {
    const place = url ?? (await discoverKeySet(issuer));
    url = undefined;
    const loaded = await loadFrom(place);
    url = place;
    return loaded;
  };
}

function invalid(option: string, reason: string): never {
  return fail('VERIFIER_OPTION_INVALID', { option, reason });
}
