import { fail } from '../errors.ts';
import { type AlgorithmName, isAlgorithm } from './algorithms.ts';

/** What a verifier accepts. Everything but issuer and audience has a default that is the strict one. */
export interface VerifierOptions {
  /** The `iss` of its tokens, exactly: with or without the last slash, as the issuer writes it. */
  readonly issuer: string;
  /** What the API calls itself: a token has to name it in `aud`, exactly, or one of several. */
  readonly audience: string | readonly string[];
  /**
   * Algorithms of signatures; RS256, PS256, ES256 and EdDSA where nothing is said. A key without `alg` is for the first
   * of them that goes with its type.
   */
  readonly algorithms?: readonly AlgorithmName[];
  /** Where the issuer's key set is. Without it and `jwks`, the issuer's metadata says where. */
  readonly jwksUri?: string;
  /** The key set itself, which never changes. */
  readonly jwks?: { readonly keys: readonly object[] };
  /** Seconds for which keys serve on that cannot be fetched anew: 3600 where nothing is said. */
  readonly staleIfError?: number;
  /** Seconds that clocks may be apart: 5 where nothing is said, 300 at most. */
  readonly clockTolerance?: number;
  /** Seconds since `iat` after which a token is not accepted, whatever its `exp` says. */
  readonly maxTokenAge?: number;
  /**
   * Claims that a token must have beside `iss`, `aud` and `exp`: those of RFC 9068 where nothing is said, namely `sub`,
   * `client_id`, `iat` and `jti`.
   */
  readonly requiredClaims?: readonly string[];
  /** The `typ` of access tokens: `at+jwt` where nothing is said (RFC 9068). `null` stands for a token without any. */
  readonly typ?: string | readonly (string | null)[];
}

/** {@link VerifierOptions}, checked and complete. */
export interface VerifierRules {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly AlgorithmName[];
  readonly clockTolerance: number;
  readonly maxTokenAge: number | undefined;
  readonly staleIfError: number;
  readonly requiredClaims: readonly string[];
  /** As {@link mediaTypeOf} gives them. */
  readonly types: readonly (string | null)[];
}

/** Of each type of key the one algorithm that RFCs name first. */
const ALGORITHMS: readonly AlgorithmName[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const CLOCK_TOLERANCE = 5;
/** The most seconds that clocks may be apart. */
export const MAX_CLOCK_TOLERANCE = 300;
const STALE_IF_ERROR = 3600;
const REQUIRED_CLAIMS = ['sub', 'client_id', 'iat', 'jti'];
const TYPES = ['at+jwt'];

/**
 * Checks the options of a verifier, and fills in what they leave out.
 *
 * @throws VERIFIER_OPTION_INVALID
 */
export function readOptions(options: VerifierOptions): VerifierRules {
  const { issuer, audience, algorithms = ALGORITHMS, clockTolerance = CLOCK_TOLERANCE, maxTokenAge } = options;
  const { requiredClaims = REQUIRED_CLAIMS, typ = TYPES, staleIfError = STALE_IF_ERROR } = options;
  if (!isText(issuer)) invalid('issuer', 'is not a text');
  const audiences = typeof audience === 'string' ? [audience] : audience;
  if (!isListOf(isText, audiences)) invalid('audience', 'is neither a text nor a list of texts');
  if (!isListOf(isAlgorithm, algorithms)) {
    invalid('algorithms', `is not a list of algorithms with public keys: ${String(algorithms)}`);
  }
  if (!(isNumber(clockTolerance) && clockTolerance >= 0 && clockTolerance <= MAX_CLOCK_TOLERANCE)) {
    invalid('clockTolerance', `is not between 0 and ${MAX_CLOCK_TOLERANCE} s`);
  }
  if (maxTokenAge !== undefined && !(isNumber(maxTokenAge) && maxTokenAge > 0))
    invalid('maxTokenAge', 'is not a number of seconds above 0');
  if (!(isNumber(staleIfError) && staleIfError >= 0)) invalid('staleIfError', 'is not a number of seconds');
  if (requiredClaims.length > 0 && !isListOf(isText, requiredClaims)) {
    invalid('requiredClaims', 'is not a list of names');
  }
  const types = typeof typ === 'string' ? [typ] : typ;
  if (!isListOf((type) => type === null || isText(type), types))
    invalid('typ', 'is neither a text nor a list of texts');
  return {
    issuer,
    audiences,
    algorithms,
    clockTolerance,
    maxTokenAge,
    staleIfError,
    requiredClaims: ['iss', 'aud', 'exp', ...requiredClaims, ...(maxTokenAge === undefined ? [] : ['iat'])],
    types: types.map((type) => type && mediaTypeOf(type)),
  };
}

/**
 * The media type that a `typ` stands for: its case says nothing, and `application/` may be left out.
 *
 * @see RFC 7515 section 4.1.9
 */
export function mediaTypeOf(typ: string): string {
  const type = typ.toLowerCase();
  const short = type.replace(/^application\//, '');
  return short.includes('/') ? type : short;
}

/** A number in quotes is none: added to a time, it would be written behind it. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isListOf(isOne: (value: unknown) => boolean, value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isOne);
}

function invalid(option: string, reason: string): never {
  return fail('VERIFIER_OPTION_INVALID', { option, reason });
}
