import { fail } from '../errors.ts';
import type { JwtClaims } from './claims.ts';
import { malformed } from './malformed.ts';
import type { VerifierRules } from './verifier-options.ts';

/** The end of the year 9999. A time beyond it is one in milliseconds, or no time at all. */
const MAX_TIME = 253_402_300_799;

/** Control characters, and halves of characters: two texts that differ in these alone look, or are stored, alike. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNREADABLE = /[\u0000-\u001f\u007f]|\p{Surrogate}/u;
/** What is quickly looked for: nothing is unreadable without one of these, and most texts have none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SUSPICIOUS = /[\u0000-\u001f\u007f\ud800-\udfff]/;

/**
 * Reads a payload as claims: those whose meaning is known have the type that it needs, and those that have to be there
 * are.
 *
 * @throws ACCESS_TOKEN_MALFORMED, ACCESS_TOKEN_CLAIM_MISSING, ACCESS_TOKEN_ISSUER, ACCESS_TOKEN_AUDIENCE
 * @see RFC 7519 section 4.1, RFC 9068 sections 2.2 and 4, RFC 8725 sections 3.8 and 3.9
 */
export function readClaims(payload: Record<string, unknown>, rules: VerifierRules): JwtClaims {
  for (const name of rules.requiredClaims) {
    if (!Object.hasOwn(payload, name)) fail('ACCESS_TOKEN_CLAIM_MISSING', { claim: name });
  }
  const { iss, sub, jti, sid, client_id: client, aud, scope, exp, nbf, iat } = payload;
  if (iss !== rules.issuer) checkText('iss', iss);
  checkText('sub', sub);
  checkText('jti', jti);
  checkText('sid', sid);
  checkText('client_id', client);
  checkTime('exp', exp);
  checkTime('nbf', nbf);
  checkTime('iat', iat);
  const audiences = Array.isArray(aud) ? aud : [aud];
  for (const audience of audiences) if (!rules.audiences.includes(audience)) checkText('aud', audience ?? null);
  if (scope !== undefined && typeof scope !== 'string') malformed('its claim scope is not a text');

  if (iss !== rules.issuer) fail('ACCESS_TOKEN_ISSUER', { expected: rules.issuer });
  if (!rules.audiences.some((audience) => audiences.includes(audience))) {
    fail('ACCESS_TOKEN_AUDIENCE', { expected: rules.audiences.join(' or ') });
  }
  return payload as JwtClaims; // just checked
}

/**
 * Checks the times of claims; on a verifier that remembers tokens, every time one comes.
 *
 * A time of issue that is still to come is refused: it would place the token after every "nothing issued before".
 *
 * @param now - seconds since the epoch
 * @throws ACCESS_TOKEN_EXPIRED, ACCESS_TOKEN_NOT_YET_VALID, ACCESS_TOKEN_TOO_OLD
 */
export function checkTimes({ exp, nbf, iat }: JwtClaims, rules: VerifierRules, now: number): void {
  const { clockTolerance, maxTokenAge } = rules;
  if (exp <= now - clockTolerance) fail('ACCESS_TOKEN_EXPIRED', { exp });
  if (nbf !== undefined && nbf > now + clockTolerance) fail('ACCESS_TOKEN_NOT_YET_VALID', { claim: 'nbf' });
  if (iat === undefined) return;
  if (iat > now + clockTolerance) fail('ACCESS_TOKEN_NOT_YET_VALID', { claim: 'iat' });
  if (maxTokenAge !== undefined && now - iat > maxTokenAge + clockTolerance) {
    fail('ACCESS_TOKEN_TOO_OLD', { maxTokenAge });
  }
}

function checkText(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'string' || value === '') malformed(`its claim ${name} is not a text`);
  if (SUSPICIOUS.test(value) && UNREADABLE.test(value))
    malformed(`its claim ${name} has characters that cannot be read`);
}

function checkTime(name: string, value: unknown): void {
  if (value === undefined) return;
  const isTime = typeof value === 'number' && value >= 0 && value <= MAX_TIME;
  if (!isTime) malformed(`its claim ${name} is not a time in seconds`);
}
