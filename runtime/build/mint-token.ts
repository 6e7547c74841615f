import { fail } from '../errors.ts';
import { sealSecrets, signToken } from '../token/index.ts';
import type { BuildOptions, MadeToken, PreparedWebtask } from './build.ts';

/** Seconds that a token is good for, where nobody says how long. */
export const DEFAULT_EXPIRES_IN = 30 * 86_400;

/**
 * Signs the token of a webtask with the keys that are here, its secrets sealed to the certificate.
 *
 * @throws the errors of sealing and signing
 */
export async function mintToken(
  webtask: PreparedWebtask,
  { container, expiresIn = DEFAULT_EXPIRES_IN, keys, now }: BuildOptions & { readonly container: string },
): Promise<MadeToken> {
  const { source, settings, meta, jtn } = webtask;
  if ('code' in source) return fail('BUILD_BUNDLE_ALONE');
  const { url, sha256 } = source;
  const { secrets } = settings;
  const sealedFor = { ten: container, url, ...(sha256 !== undefined && { url_sha256: sha256 }) };
  const exp = Math.floor(now / 1000) + expiresIn;
  const claims = {
    ...sealedFor,
    ...(jtn !== undefined && { jtn }),
    ...(isFilled(secrets) && { ectx: await sealSecrets(secrets, sealedFor, keys, 'certificate', now) }),
    ...settingClaims(webtask),
    ...(isFilled(meta) && { meta }),
    dd: 0,
    exp,
  } as const;
  return { token: signToken(claims, keys, now / 1000), url, pinned: sha256 !== undefined, exp };
}

/** The claims that say how a webtask is run. */
export function settingClaims({ settings: { params, parseBody, mergeBody } }: PreparedWebtask) {
  return { ...(isFilled(params) && { pctx: params }), pb: parseBody, mb: mergeBody ? 1 : 0 } as const;
}

/** Whether a record has anything in it. */
export function isFilled(record: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(record).length > 0;
}
