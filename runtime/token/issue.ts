import { isDeepStrictEqual } from 'node:util';
import { fail } from '../errors.ts';
import { CLAIMS, type ClaimType, isWebUrl, type TokenClaims, textMap } from './claims.ts';
import { coerceNumbers } from './coerce.ts';
import { checkContainers, coversContainers, isContainerPattern, singleContainer } from './containers.ts';

/** What may be asked for: claims, and what becomes of them only when the token is made. */
interface Requested extends Omit<TokenClaims, 'ectx' | 'ca' | 'iat'> {
  /** Texts by name; or a compact JWE of them, which only the cluster can open. */
  readonly ectx?: Readonly<Record<string, string>> | string;
  readonly code?: string;
}

/** A token that may be issued. */
export interface IssuedToken {
  /** Without `ectx`: the secrets are sealed when the URL of the code is known. */
  readonly claims: TokenClaims;
  /** Those asked for. A child of a token with secrets has its parent's, which only the cluster can open. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Those asked for where they came as a compact JWE; see `sealedForRequest`. */
  readonly sealedSecrets?: string | undefined;
  /** Source text to keep. */
  readonly code?: string | undefined;
  /** Stored beside a named webtask. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
}

const { ca: _ca, iat: _iat, ...SETTABLE } = CLAIMS;
const REQUESTABLE: Readonly<Record<keyof Requested, ClaimType>> = {
  ...SETTABLE,
  url: { type: CLAIMS.url.type, is: isWebUrl },
  jtn: { type: CLAIMS.jtn.type, is: (it) => CLAIMS.jtn.is(it) && isReachable(String(it)) },
  code: { type: 'text', is: (it) => typeof it === 'string' },
  ectx: { type: textMap.type, is: (it) => textMap.is(it) || isCompactJwe(it) },
};

const LIMITS = ['ls', 'lm', 'lh', 'ld', 'lw', 'lo'] as const;
/** What a token has once, its descendants cannot replace. */
const ONCE = ['url', 'pctx', 'ectx', 'jtn', 'host'] as const;
/** What decides how code is run: it goes with the code, so that nobody runs somebody's code in another way. */
const WITH_CODE = ['url_sha256', 'pb', 'mb', 'meta'] as const;

const RESERVED = /^WEBTASK_/;

/** Characters: as many as the routes of the management API take. */
const MAX_NAME = 512;

/**
 * Says what token a parent may issue, so that no child ever has more than its parent.
 *
 * @param requested - the claims that are asked for, unchecked
 * @param parent - claims of the token that asks; `{}` for the master key
 * @param now - seconds since the epoch
 * @throws TOKEN_CANNOT_ISSUE, TOKEN_CLAIM_UNKNOWN, TOKEN_CLAIM_TYPE, TOKEN_CLAIM_FIXED, TOKEN_CLAIM_BEYOND,
 *   TOKEN_CLAIM_CONFLICT, TOKEN_CLAIM_NEEDS, TOKEN_CLAIM_RESERVED, TOKEN_CLAIM_PATTERN
 * @see protocol reference 5.4
 *
 * @example
 * issueToken({ ten: 'shop', url: 'https://…/pay.js' }, {}, Date.now() / 1000).claims;
 */
export function issueToken(
  requested: Readonly<Record<string, unknown>>,
  parent: TokenClaims,
  now: number,
): IssuedToken {
  if (parent.dd === 0) fail('TOKEN_CANNOT_ISSUE');
  const asked = checkRequested(coerceNumbers(requested));
  if (asked.jti !== undefined && Object.keys(parent).length > 0) fail('TOKEN_CLAIM_UNKNOWN', { claim: 'jti' });
  checkOnce(asked, parent);
  checkTogether(asked);

  const { ectx, code, meta: askedMeta, pb, mb, ...plain } = asked;
  const isNamed = plain.jtn !== undefined;
  const withCode = parent.url === undefined ? {} : pick(parent, WITH_CODE);
  const meta = askedMeta ?? withCode.meta;
  // How a body is read says nothing without the code that is to read it.
  const reading = isNamed || code !== undefined || (plain.url ?? parent.url) !== undefined ? { pb, mb } : {};
  const claims = defined({
    ...pick(parent, ['url', 'pctx', 'jtn', ...LIMITS]),
    ...defined(reading),
    ...withCode,
    ...plain,
    iat: Math.floor(now),
    ca: parent.jti === undefined ? [...(parent.ca ?? [])] : [...(parent.ca ?? []), parent.jti],
    dd: depthOf(plain.dd, parent.dd),
    ten: containersFor(plain.ten, parent.ten),
    jtnm: namesFor(plain, parent.jtnm),
    exp: expiryFor(plain.exp, parent.exp),
    nbf: startFor(plain.nbf, parent.nbf),
    // Metadata of a named webtask is beside it; that of any other has no other place.
    meta: isNamed ? withCode.meta : meta,
  });
  if (isNamed && singleContainer(claims.ten) === undefined) {
    fail('TOKEN_CLAIM_NEEDS', { claim: 'jtn', needed: 'one container in claim `ten`, by its name' });
  }
  const secrets = typeof ectx === 'string' ? { sealedSecrets: ectx } : { secrets: ectx };
  return { claims, ...secrets, code, meta: isNamed ? meta : undefined };
}

/** Callers take `.` and `..` out of a path, and so would never come to a webtask of that name. @see RFC 3986 section 5.2.4 */
function isReachable(name: string): boolean {
  return name !== '.' && name !== '..' && name.length <= MAX_NAME;
}

/** @see RFC 7516 section 7.1 */
function isCompactJwe(value: unknown): boolean {
  return typeof value === 'string' && /^([\w-]+\.){4}[\w-]+$/.test(value);
}

function checkRequested(requested: Readonly<Record<string, unknown>>): Requested {
  for (const [name, value] of Object.entries(requested)) {
    const claim = Object.hasOwn(REQUESTABLE, name) ? REQUESTABLE[name as keyof Requested] : undefined;
    if (!claim) fail('TOKEN_CLAIM_UNKNOWN', { claim: name });
    if (!claim.is(value)) fail('TOKEN_CLAIM_TYPE', { claim: name, type: claim.type });
  }
  const asked = requested as Requested; // every claim was just checked
  for (const claim of ['ectx', 'pctx'] as const) {
    const given = asked[claim];
    const name = typeof given === 'object' ? Object.keys(given).find((it) => RESERVED.test(it)) : undefined;
    if (name !== undefined) fail('TOKEN_CLAIM_RESERVED', { claim, name });
  }
  return asked;
}

function checkOnce(asked: Requested, parent: TokenClaims): void {
  for (const claim of ONCE) {
    if (asked[claim] !== undefined && parent[claim] !== undefined) fail('TOKEN_CLAIM_FIXED', { claim, by: claim });
  }
  // The original clients repeat the limits of a webtask that they update.
  for (const claim of LIMITS) {
    const differs = asked[claim] !== undefined && asked[claim] !== parent[claim];
    if (differs && parent[claim] !== undefined) fail('TOKEN_CLAIM_FIXED', { claim, by: claim });
  }
  if (parent.url === undefined) return;
  if (asked.code !== undefined) fail('TOKEN_CLAIM_FIXED', { claim: 'code', by: 'url' });
  for (const claim of WITH_CODE) {
    const differs = asked[claim] !== undefined && !isDeepStrictEqual(asked[claim], parent[claim]);
    if (differs) fail('TOKEN_CLAIM_FIXED', { claim, by: 'url' });
  }
}

function checkTogether({ url, code, url_sha256 }: Requested): void {
  if (url !== undefined && code !== undefined) fail('TOKEN_CLAIM_CONFLICT', { claim: 'url', other: 'code' });
  if (url_sha256 !== undefined && url === undefined) {
    fail('TOKEN_CLAIM_NEEDS', { claim: 'url_sha256', needed: 'claim `url`' });
  }
}

/** How many generations may follow. */
function depthOf(asked: number | undefined, parent: number | undefined): number {
  if (parent === undefined) return asked ?? 1;
  return Math.min(parent - 1, asked ?? parent - 1);
}

function containersFor(asked: string | undefined, parent: string | undefined): string | undefined {
  if (asked === undefined) return parent;
  checkContainers(asked);
  if (parent === undefined) return asked;
  const isWithin = !isContainerPattern(asked) && coversContainers(parent, asked);
  return isWithin ? asked : fail('TOKEN_CLAIM_BEYOND', { claim: 'ten', allowed: parent });
}

function namesFor({ jtn, jtnm }: Requested, parent: readonly string[] | undefined): readonly string[] | undefined {
  if (parent === undefined) return jtnm;
  const allowed = parent.join(', ');
  if (jtn !== undefined && !parent.includes(jtn)) fail('TOKEN_CLAIM_BEYOND', { claim: 'jtn', allowed });
  if (jtnm?.some((name) => !parent.includes(name))) fail('TOKEN_CLAIM_BEYOND', { claim: 'jtnm', allowed });
  return jtnm ?? parent;
}

function expiryFor(asked: number | undefined, parent: number | undefined): number | undefined {
  if (asked === undefined || parent === undefined) return asked ?? parent;
  return asked <= parent ? asked : fail('TOKEN_CLAIM_BEYOND', { claim: 'exp', allowed: parent });
}

function startFor(asked: number | undefined, parent: number | undefined): number | undefined {
  if (asked === undefined || parent === undefined) return asked ?? parent;
  return asked >= parent ? asked : fail('TOKEN_CLAIM_BEYOND', { claim: 'nbf', allowed: parent });
}

function pick<Name extends keyof TokenClaims>(claims: TokenClaims, names: readonly Name[]): Pick<TokenClaims, Name> {
  return Object.fromEntries(names.map((name) => [name, claims[name]])) as Pick<TokenClaims, Name>; // as it says
}

/** Without what is undefined. */
function defined(claims: { readonly [Name in keyof TokenClaims]?: TokenClaims[Name] | undefined }): TokenClaims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined)) as TokenClaims; // the same claims, fewer
}
