import { fail } from '../../errors.ts';
import type { RevocationStatus } from '../revocation-status.ts';
import type { Keys } from './key.ts';

/** What an entry forbids: one token, or the tokens of a session, grant, user, client, issuer or tenant. */
export type RevocationKind = NonNullable<RevocationStatus['by']>;

/** What is to be revoked. All times are seconds since the epoch, as those of claims. */
export interface NewRevocation {
  readonly kind: RevocationKind;
  /** The issuer of what is revoked, exactly as in `iss`; not for a tenant. */
  readonly iss?: string | undefined;
  /** The `jti`, `sub`, `sid`, `client_id` or `grant_id`; not for an issuer or a tenant. */
  readonly id?: string | undefined;
  /** In place of `id`, for a token without `jti`: SHA-256 of its signing input, in base64url. */
  readonly digest?: string | undefined;
  /**
   * For `sub`, `client`, `issuer` and `tenant`: what was issued in this second or before is revoked. The current time
   * unless given; up to a minute ahead, for issuers whose clocks are.
   */
  readonly notBefore?: number | undefined;
  /** When the last token that it forbids ends, at which the entry may go. Without, it stays for ever. */
  readonly expires?: number | undefined;
  readonly reason?: string | undefined;
  /** Who revoked: a protocol, a log, a person. */
  readonly source?: string | undefined;
}

/** An entry of the denylist, as it is kept: it names nobody. */
export interface RevocationEntry {
  readonly kind: RevocationKind;
  /** What it is looked up by: a hash, in base64url. */
  readonly key: string;
  readonly notBefore?: number | undefined;
  readonly expires?: number | undefined;
  readonly reason?: string | undefined;
  readonly source?: string | undefined;
  /** When it was revoked. */
  readonly at: number;
}

/** These forbid by time: their users, clients, issuers and tenants go on. The others end with what they name. */
const BY_TIME: ReadonlySet<RevocationKind> = new Set(['sub', 'client', 'issuer', 'tenant']);
const WITHOUT_ID: ReadonlySet<RevocationKind> = new Set(['issuer', 'tenant']);
/** Every {@link RevocationKind}. */
export const KINDS: ReadonlySet<unknown> = new Set(['jti', 'sid', 'grant', ...BY_TIME]);

/** How far ahead an entry may be dated: seconds. Further, it would lock out whoever signs in meanwhile. */
const MAX_AHEAD = 60;
/** The year 5138 in seconds, 1973 in milliseconds. */
export const MILLISECONDS_FROM = 1e11;
/** As much as a token can hold. */
const MAX_ID_LENGTH = 8192;
const MAX_NOTE_LENGTH = 1024;

/**
 * Makes an entry of what is to be revoked.
 *
 * @param keys - of its tenant
 * @param now - seconds since the epoch
 * @throws REVOCATION_INVALID, REVOCATION_DATED_AHEAD
 * @example
 * toEntry(createKeys('acme'), { kind: 'sub', iss: 'https://issuer.example/', id: 'user 1' }, Date.now() / 1000);
 */
export function toEntry(keys: Keys, revocation: NewRevocation, now: number): RevocationEntry {
  const { kind, reason, source } = revocation;
  if (!KINDS.has(kind)) refuse(`there is no kind ${JSON.stringify(kind)}`);
  for (const [name, note] of Object.entries({ reason, source })) {
    if (note === undefined) continue;
    if (typeof note !== 'string' || note.length > MAX_NOTE_LENGTH) {
      refuse(`its ${name} is no text of at most ${MAX_NOTE_LENGTH} characters`);
    }
  }
  const notBefore = readNotBefore(revocation, now);
  const expires = readExpires(revocation, notBefore);
  return {
    kind,
    key: readKey(keys, revocation),
    ...(notBefore !== undefined && { notBefore }),
    ...(expires !== undefined && { expires }),
    ...(reason !== undefined && { reason }),
    ...(source !== undefined && { source }),
    at: Math.floor(now),
  };
}

/**
 * Joins two entries of one key: the later time, the later end. What is said about them goes with the later time, or
 * the earlier revocation. So neither order nor repetition changes what a number of entries come to.
 */
export function joinEntries(a: RevocationEntry, b: RevocationEntry): RevocationEntry {
  const said = isSaidBy(a, b) ? a : b;
  const notBefore = a.notBefore === undefined ? b.notBefore : Math.max(a.notBefore, b.notBefore ?? 0);
  const expires = a.expires === undefined || b.expires === undefined ? undefined : Math.max(a.expires, b.expires);
  const { expires: _own, ...rest } = said;
  return {
    ...rest,
    ...(notBefore !== undefined && { notBefore }),
    ...(expires !== undefined && { expires }),
  };
}

/** Whether what is said about the two is what `a` says: an order of all entries, so that joining is a join. */
function isSaidBy(a: RevocationEntry, b: RevocationEntry): boolean {
  const byTime = (a.notBefore ?? 0) - (b.notBefore ?? 0);
  if (byTime !== 0) return byTime > 0;
  if (a.at !== b.at) return a.at < b.at;
  const text = ({ reason, source }: RevocationEntry): string => JSON.stringify([reason ?? null, source ?? null]);
  return text(a) <= text(b);
}

function readKey(keys: Keys, { kind, iss, id, digest }: NewRevocation): string {
  if (kind === 'tenant') {
    if (iss !== undefined) refuse('a tenant has no issuer of its own');
  } else if (!isText(iss)) refuse('it needs the issuer, iss, which is a text');
  if (WITHOUT_ID.has(kind)) {
    if (id !== undefined || digest !== undefined) refuse(`the kind ${kind} takes no id`);
  } else if (digest !== undefined) {
    if (kind !== 'jti' || id !== undefined) refuse('a digest stands in place of the id of a token');
    if (typeof digest !== 'string' || !/^[\w-]{43}$/.test(digest)) refuse('its digest is no SHA-256 in base64url');
  } else if (!isText(id)) refuse(`the kind ${kind} needs an id, a text of at most ${MAX_ID_LENGTH} characters`);
  return keys(digest === undefined ? kind : 'digest', iss ?? '', digest ?? id ?? '');
}

function readNotBefore({ kind, notBefore }: NewRevocation, now: number): number | undefined {
  if (!BY_TIME.has(kind)) {
    if (notBefore !== undefined) refuse(`the kind ${kind} ends as a whole, and takes no notBefore`);
    return undefined;
  }
  if (notBefore === undefined) return Math.floor(now);
  if (!Number.isFinite(notBefore) || notBefore < 0) refuse('its notBefore is no time in seconds');
  if (notBefore > now + MAX_AHEAD) {
    const hint = notBefore >= MILLISECONDS_FROM ? ', or milliseconds where seconds are meant' : '';
    fail('REVOCATION_DATED_AHEAD', { notBefore, maxAhead: MAX_AHEAD, hint });
  }
  return Math.floor(notBefore);
}

function readExpires({ expires }: NewRevocation, notBefore = 0): number | undefined {
  if (expires === undefined) return undefined;
  if (!Number.isFinite(expires) || expires <= 0) refuse('its expires is no time in seconds');
  if (expires >= MILLISECONDS_FROM) refuse('its expires is in milliseconds, where seconds are meant');
  if (expires < notBefore) refuse('it would end before the tokens that it forbids were issued');
  return Math.ceil(expires);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH;
}

function refuse(reason: string): never {
  return fail('REVOCATION_INVALID', { reason });
}
