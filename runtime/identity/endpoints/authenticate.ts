import { createHash, timingSafeEqual } from 'node:crypto';
import { fail, WebtaskError } from '../../errors.ts';
import type { Verifier } from '../verify.ts';

/** What a caller may do: each is the scope of an access token, or of a client. */
export type CallerScope = 'revoke' | 'introspect' | 'feed';

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
/** Compared where there is no such client, so that it takes as long. */
const NOBODY = '0'.repeat(64);

/**
 * Finds out who calls, by client credentials (in the header, or in the form) or by an access token, and whether they
 * may do it.
 *
 * @param form - the fields of the request, where it has some
 * @throws CALLER_UNAUTHENTICATED, CALLER_SCOPE, JWKS_UNAVAILABLE
 * @see RFC 6749 section 2.3.1, RFC 7009 section 2.1, RFC 7662 section 2.1
 */
export async function authenticateCaller(
  request: Request,
  form: ReadonlyMap<string, string> | undefined,
  scope: CallerScope,
  { clients, verifier }: Callers,
): Promise<Caller> {
  const [, scheme = '', rest = ''] = /^(\S+) +(\S+)$/.exec(request.headers.get('Authorization') ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return callerOfToken(rest, scope, verifier);
  const said =
    scheme.toLowerCase() === 'basic' ? readBasic(rest) : [form?.get('client_id'), form?.get('client_secret')];
  const [id, secret] = said;
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
    return fail('CALLER_UNAUTHENTICATED', { reason: reason.replace(/\.$/, '') });
  });
  if (!(claims.scope ?? '').split(' ').includes(TOKEN_SCOPE + scope))
    fail('CALLER_SCOPE', { scope: TOKEN_SCOPE + scope });
  return { clientId: claims.client_id };
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
