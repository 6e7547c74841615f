import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { fail, WebtaskError } from '../../errors.ts';
import {
  type IssuedToken,
  issueToken,
  type KeySet,
  openSeal,
  parseToken,
  sealedForRequest,
  sealSecrets,
  signToken,
  type TokenClaims,
} from '../../token/index.ts';
import type { CodeStore, KeptCode } from '../registry/code-store.ts';
import { type NamedWebtask, type Registry, readStoredCodeUrl, storedCodeUrl } from '../registry/registry.ts';
import { webtaskMeta } from '../run/webtask-meta.ts';
import { firstContainer, webtaskUrl } from '../run/webtask-url.ts';
import type { Authorization } from './authorize.ts';

/** A token that was issued. */
export interface Issued {
  readonly token: string;
  readonly claims: TokenClaims;
  /** Where the webtask runs, unless its token is for no container in particular. */
  readonly url: string | undefined;
  /** The webtask as it is now stored, where a name was asked for. */
  readonly named: NamedWebtask | undefined;
}

/**
 * Issues a token, and stores the webtask where a name is asked for.
 *
 * @param requested - the claims that are asked for, unchecked
 * @param parent - whoever asks
 * @param now - seconds since the epoch
 */
export type Issue = (
  requested: Readonly<Record<string, unknown>>,
  parent: Authorization,
  now: number,
) => Promise<Issued>;

/** What issuing works with. */
export interface IssueParts {
  readonly keys: KeySet;
  readonly registry: Registry;
  readonly codeStore: Pick<CodeStore, 'put' | 'isOwn' | 'keepsTokensOnly'>;
  /** The public base of URLs, without a slash at the end. */
  readonly baseUrl: () => string;
  /** Is told of code that is stored, so that its modules are there before it first runs. */
  readonly onCode?: ((code: string, meta: Readonly<Record<string, string>>, container: string) => void) | undefined;
}

/**
 * Makes the issuing of tokens.
 *
 * @returns a function that throws what `issueToken` and `signToken` throw, and TOKEN_CLAIM_SEAL, WEBTASK_WITHOUT_CODE,
 *   BODY_TOO_LARGE, NAME_CHANGED, HOST_INVALID, HOST_OWN, HOST_TAKEN, CODE_STORE_UNANSWERED, TOKEN_CLAIM_OWN
 * @see protocol reference 5.4
 */
export function createIssuer({ keys, registry, codeStore, baseUrl, onCode }: IssueParts): Issue {
  return async (sent, parent, now) => {
    const requested = await withoutOwnUrl(withoutInspection(sent), registry, codeStore);
    const issued = issueToken(requested, parent.claims, now);
    const { claims: allowed, code, meta = {} } = issued;
    const asked = await askedSecrets(issued, parent, keys);
    // A name that is inherited is already stored, with its own token.
    const name = requested.jtn === undefined ? undefined : allowed.jtn;
    const container = firstContainer(allowed);

    const kept =
      name !== undefined && container !== undefined && code === undefined && allowed.url === undefined
        ? await findCode(registry, container, name)
        : undefined;
    const issuer = parent.claims.jti;
    const source = code === undefined ? kept : await codeStore.put(code, { container, name, issuer });

    const jti = randomBytes(16).toString('hex');
    const inherited = await inheritedMeta(allowed, parent, registry);
    const own = name !== undefined && codeStore.keepsTokensOnly && Object.keys(meta).length > 0 ? { meta } : {};
    const claims: TokenClaims = { jti, ...allowed, ...source?.claims, ...inherited, ...own };
    const secrets = asked ?? (parent.claims.ectx === undefined ? {} : parent.secrets);
    // Sealed anew in any case: a seal is for one container, URL and code.
    const ectx = Object.keys(secrets).length > 0 && { ectx: await sealSecrets(secrets, claims, keys, 'dir') };
    const sealed: TokenClaims = { ...claims, ...ectx };
    const token = signToken(sealed, keys, now);

    if (container === undefined) return { token, claims: sealed, url: undefined, named: undefined };
    const host = claims.host;
    if (name === undefined) {
      return { token, claims: sealed, url: webtaskUrl(baseUrl(), { container, host, token }), named: undefined };
    }
    // What is kept must still be there, or an update in between would be undone.
    const { sha256, bytes } = source ?? {};
    const webtask = { container, name, token, meta, code: sha256, codeBytes: bytes, host };
    const named = await registry.putNamed(webtask, kept?.version);
    if (code !== undefined) onCode?.(code, meta, container);
    return { token, claims: sealed, url: webtaskUrl(baseUrl(), { container, host, name }), named };
  };
}

/** The secrets that are asked for; of those that came sealed, only such as were sealed for this very request. */
async function askedSecrets(
  { secrets, sealedSecrets, claims, code }: IssuedToken,
  parent: Authorization,
  keys: KeySet,
): Promise<IssuedToken['secrets']> {
  if (sealedSecrets === undefined) return secrets;
  try {
    return await openSeal(sealedSecrets, sealedForRequest({ ...claims, code }, parent.claims.jti), keys);
  } catch (error) {
    if (!(error instanceof WebtaskError)) throw error;
    if (error.code === 'TOKEN_SEAL_MISMATCH') return fail('TOKEN_CLAIM_SEAL', { reason: 'for another request' });
    return fail('TOKEN_CLAIM_SEAL', { reason: 'for another cluster, or are damaged' }, { cause: error });
  }
}

/**
 * Takes away what only an inspection adds: the secrets under their second name, and the cluster's own URL of the code
 * that the webtask has anyway. `auth0 enable` issues a token again from what it inspected.
 */
function withoutInspection(sent: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { secrets, url, ...rest } = sent;
  const { ten: container, jtn: name } = sent;
  const isNamed = typeof container === 'string' && typeof name === 'string';
  const isOwn = isNamed && url === storedCodeUrl({ container, name });
  return {
    ...rest,
    ...(url !== undefined && !isOwn && { url }),
    ...(secrets !== undefined && !isDeepStrictEqual(secrets, sent.ectx) && { secrets }),
  };
}

/**
 * Takes away the URL at which the cluster keeps the code that the webtask has anyway.
 *
 * Any other URL of the place is refused: the server fetches from there although it need not be public.
 */
async function withoutOwnUrl(
  requested: Readonly<Record<string, unknown>>,
  registry: Registry,
  codeStore: IssueParts['codeStore'],
): Promise<Readonly<Record<string, unknown>>> {
  const { url, url_sha256: _, ...rest } = requested;
  if (typeof url !== 'string' || !codeStore.isOwn(url)) return requested;
  const { ten: container, jtn: name } = requested;
  const named =
    typeof container === 'string' && typeof name === 'string' ? await registry.getNamed(container, name) : undefined;
  const isKept = named !== undefined && parseToken(named.token).claims.url === url;
  return isKept ? rest : fail('TOKEN_CLAIM_OWN', { origin: new URL(url).origin });
}

/**
 * The metadata that is stored beside the parent goes into a child that runs the parent's code. Where the cluster keeps
 * the code, both are found by the webtask's name.
 */
async function inheritedMeta(
  { url, meta, jtn }: TokenClaims,
  parent: Authorization,
  registry: Registry,
): Promise<Pick<TokenClaims, 'meta'>> {
  if (url === undefined || meta !== undefined || jtn === undefined || jtn !== parent.claims.jtn) return {};
  if (readStoredCodeUrl(url) !== undefined) return {};
  const found = await webtaskMeta(parent.token, parent.claims, registry);
  return Object.keys(found).length > 0 ? { meta: found } : {};
}

/** The code that a webtask has already, for an update that brings none. */
async function findCode(registry: Registry, container: string, name: string): Promise<KeptCode & { version: string }> {
  const named = await registry.getNamed(container, name);
  const { url, url_sha256 } = named ? parseToken(named.token).claims : {};
  // Without code, whoever runs the webtask, and nobody is asked who they are, would bring their own.
  if (!named || url === undefined) return fail('WEBTASK_WITHOUT_CODE', { name });
  const claims = url_sha256 === undefined ? { url } : { url, url_sha256 };
  return { claims, sha256: named.code, bytes: named.codeBytes, version: named.version };
}
