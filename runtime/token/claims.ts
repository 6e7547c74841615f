import { fail } from '../errors.ts';

/** The claims of a webtask token. */
export interface TokenClaims {
  /** Id: 32 hexadecimal digits. */
  readonly jti?: string;
  /** Issued at, expires, not before: seconds since the epoch. */
  readonly iat?: number;
  readonly exp?: number;
  readonly nbf?: number;
  /** Ids of the tokens that this one descends from, oldest first. */
  readonly ca?: readonly string[];
  /** How many further generations may be issued; 0 for none. */
  readonly dd?: number;
  /** 1 where the token cannot revoke itself. */
  readonly dr?: number;
  /** The containers: a name, a comma list, or a regular expression between slashes. */
  readonly ten?: string;
  /** The webtask's name. */
  readonly jtn?: string;
  /** Names that the token may manage. */
  readonly jtnm?: readonly string[];
  /** Where the code is. */
  readonly url?: string;
  /** SHA-256 of the code in lower-case hexadecimal. Ours, not the original's. */
  readonly url_sha256?: string;
  /** Readable parameters. */
  readonly pctx?: Readonly<Record<string, unknown>>;
  /** Sealed secrets: a compact JWE. */
  readonly ectx?: string;
  /** Body parsing and merging. */
  readonly pb?: 0 | 1 | 2;
  readonly mb?: 0 | 1;
  readonly host?: string;
  /** Metadata, for tokens that are run without a store of names. Ours, not the original's. */
  readonly meta?: Readonly<Record<string, string>>;
  /** Rate limits of the container: per second, minute, hour, day, week, month. */
  readonly ls?: number;
  readonly lm?: number;
  readonly lh?: number;
  readonly ld?: number;
  readonly lw?: number;
  readonly lo?: number;
  /** Rate limits of the token. */
  readonly lts?: number;
  readonly ltm?: number;
  readonly lth?: number;
  readonly ltd?: number;
  readonly ltw?: number;
  readonly lto?: number;
}

/** What a claim must be. */
export interface ClaimType {
  readonly type: string;
  is(value: unknown): boolean;
}

const MAX_LIMIT = 2 ** 31 - 1;
/** The last second that a date can name. */
const MAX_TIME = 8.64e12;

const text: ClaimType = { type: 'non-empty text', is: (it) => typeof it === 'string' && it !== '' };
const texts: ClaimType = {
  type: 'list of texts',
  is: (it) => Array.isArray(it) && it.every((one) => typeof one === 'string'),
};
const count: ClaimType = { type: 'whole number', is: (it) => Number.isSafeInteger(it) && Number(it) >= 0 };
const time: ClaimType = { type: 'whole number of seconds', is: (it) => count.is(it) && Number(it) <= MAX_TIME };
const limit: ClaimType = {
  type: `whole number from 1 to ${MAX_LIMIT}`,
  is: (it) => Number.isSafeInteger(it) && Number(it) >= 1 && Number(it) <= MAX_LIMIT,
};
const oneOf = (...values: unknown[]): ClaimType => ({ type: values.join(' or '), is: (it) => values.includes(it) });
const object: ClaimType = { type: 'object', is: (it) => typeof it === 'object' && it !== null && !Array.isArray(it) };
export const textMap: ClaimType = {
  type: 'object of texts',
  is: (it) => object.is(it) && Object.values(it as object).every((one) => typeof one === 'string'),
};

/**
 * Every claim and its type.
 *
 * @see protocol reference 5.2
 */
export const CLAIMS: Readonly<Record<keyof TokenClaims, ClaimType>> = {
  jti: text,
  iat: time,
  exp: time,
  nbf: time,
  ca: texts,
  dd: count,
  dr: oneOf(0, 1),
  ten: text,
  jtn: { type: 'webtask name', is: (it) => typeof it === 'string' && /^[-a-z0-9._~!$+=:@]+$/i.test(it) },
  jtnm: texts,
  url: { type: 'http or https URL', is: isCodeUrl },
  url_sha256: { type: 'SHA-256 in hexadecimal', is: (it) => typeof it === 'string' && /^[0-9a-f]{64}$/.test(it) },
  pctx: object,
  ectx: text,
  pb: oneOf(0, 1, 2),
  mb: oneOf(0, 1),
  host: text,
  meta: textMap,
  ls: limit,
  lm: limit,
  lh: limit,
  ld: limit,
  lw: limit,
  lo: limit,
  lts: limit,
  ltm: limit,
  lth: limit,
  ltd: limit,
  ltw: limit,
  lto: limit,
};

/**
 * Checks that an object holds claims of webtask tokens only, each of its type.
 *
 * @throws TOKEN_CLAIM_UNKNOWN, TOKEN_CLAIM_TYPE
 * @see protocol reference 5.2, 5.4
 */
export function checkClaims(claims: Readonly<Record<string, unknown>>): TokenClaims {
  for (const [name, value] of Object.entries(claims)) {
    const claim = Object.hasOwn(CLAIMS, name) ? CLAIMS[name as keyof TokenClaims] : undefined;
    if (!claim) fail('TOKEN_CLAIM_UNKNOWN', { claim: name });
    if (!claim.is(value)) fail('TOKEN_CLAIM_TYPE', { claim: name, type: claim.type });
  }
  return claims as TokenClaims; // every claim was just checked
}

/** The URL of code elsewhere. Only such a one may be asked for; where the cluster keeps code, it writes the URL itself. */
export function isWebUrl(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
}

function isCodeUrl(value: unknown): boolean {
  return isWebUrl(value) || (typeof value === 'string' && /^webtask:\/\/localhost\/api\/data\/code\//.test(value));
}
