import { createHash, timingSafeEqual } from 'node:crypto';
import { fail, WebtaskError } from '../../errors.ts';
import type { Verifier } from '../verify.ts';

/**
 * What a caller may do: each is the scope of an access token, or of a client. With `revoke` it is the tokens that were
 * issued to the caller itself that it may revoke, as in RFC 7009; with `revoke-any` those of everybody.
 */
export type CallerScope = 'revoke' | 'revoke-any' | 'introspect' | 'feed';

/** A client that proves who it is by a secret. */
export interface Client {
  /** SHA-256 of its secret, in hexadecimal: secrets are long and random, and not kept. */
  readonly secretSha256: string;
  readonly scopes: readonly CallerScope[];
}

/** Who may call. */
export interface Callers {
  /** By `client_id`. */
  readonly clients: Readonly<Record<string, Client>>;
  /** Whose access tokens are taken in place of a client's secret, with scopes such as `revocation:revoke`. */
  readonly verifier: Pick<Verifier, 'verifyAsync'>;
}

/** Who calls. */
export interface Caller {
  readonly clientId: string | undefined;
}

/** What {@link CallerScope}s are called in access tokens. */
const TOKEN_SCOPE = 'revocation:';
/** Tells errors of a caller that sent an access token from those of a client. */
const BEARER = 'Bearer';
/** Compared where there is no such client, so that it takes as long. */
const NOBODY = '0'.repeat(64);

/**
 * Finds out who calls, by client credentials (in the header, or in the form) or by an access token, and whether they
 * may do it. Credentials in both are refused, since only one of them would be looked at.
 *
 * @param form - the fields of the request, where it has some
 * @throws REVOCATION_REQUEST, CALLER_UNAUTHENTICATED, CALLER_SCOPE, JWKS_UNAVAILABLE
 * @see RFC 6749 sections 2.3 and 2.3.1, RFC 7009 section 2.1, RFC 7662 section 2.1
 */
export async function authenticateCaller(
  request: Request,
  form: ReadonlyMap<string, string> | undefined,
  scope: CallerScope,
  { clients, verifier }: Callers,
): Promise<Caller> {
  const header = request.headers.get('Authorization');
  if (header !== null && form?.has('client_secret'))
    fail('REVOCATION_REQUEST', { reason: 'it has credentials in the header and in the form' });
  const [, scheme = '', rest = ''] = /^(\S+) +(\S+)$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return callerOfToken(rest, scope, verifier);
  const inForm = [form?.get('client_id'), form?.get('client_secret')];
  const inHeader = scheme.toLowerCase() === 'basic' ? readBasic(rest) : [];
  const [id, secret] = header === null ? inForm : inHeader;
  if (id === undefined || secret === undefined) return fail('CALLER_UNAUTHENTICATED', { reason: 'it names no client' });
  const client = Object.hasOwn(clients, id) ? clients[id] : undefined;
  const isRight = matches(secret, client?.secretSha256 ?? NOBODY);
  if (client === undefined || !isRight)
    return fail('CALLER_UNAUTHENTICATED', { reason: 'client and secret are not right' });
  if (!client.scopes.includes(scope)) fail('CALLER_SCOPE', { scope });
  return { clientId: id };
}

async function callerOfToken(token: string, scope: CallerScope, verifier: Callers['verifier']): Promise<Caller> {
  const { claims } = await verifier.verifyAsync(token).catch((error: unknown) => {
    if (error instanceof WebtaskError && error.status >= 500) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return fail('CALLER_UNAUTHENTICATED', { reason: reason.replace(/\.$/, ''), scheme: BEARER });
  });
  // Whoever cannot check the proof must not do without (RFC 9449 section 7.2, RFC 8705 section 3).
  if (claims.cnf !== undefined)
    fail('CALLER_UNAUTHENTICATED', { reason: 'the token is bound to a key of its owner', scheme: BEARER });
  if (!(claims.scope ?? '').split(' ').includes(TOKEN_SCOPE + scope))
    fail('CALLER_SCOPE', { scope: TOKEN_SCOPE + scope, scheme: BEARER });
  const { client_id: clientId, azp } = claims;
  return { clientId: clientId ?? (typeof azp === 'string' ? azp : undefined) };
}

/** Both parts are form-encoded before they are joined (RFC 6749 section 2.3.1). */
function readBasic(text: string): [id?: string, secret?: string] {
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(text, 'base64').toString('utf8')) ?? [];
  if (id === undefined || secret === undefined) return [];
  try {
    return [decodeForm(id), decodeForm(secret)];
  } catch {
    return [];
  }
}

function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function matches(secret: string, sha256: string): boolean {
  return timingSafeEqual(createHash('sha256').update(secret).digest(), Buffer.from(sha256, 'hex'));
}
