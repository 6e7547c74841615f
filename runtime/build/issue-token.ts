import { sealedForRequest, sealSecrets } from '../token/index.ts';
import type { BuildOptions, MadeToken, PreparedWebtask } from './build.ts';
import { type Cluster, claimsOfToken, issueOnCluster } from './cluster.ts';
import { DEFAULT_EXPIRES_IN, isFilled, settingClaims } from './mint-token.ts';

/**
 * Has a cluster issue the token of a webtask.
 *
 * Its secrets go to the cluster as they are, over a connection that {@link checkCluster} has looked at; where there is a
 * certificate they go sealed to it, for this request only.
 *
 * @throws BUILD_BUNDLE_TOO_LARGE, BUILD_CLUSTER_REFUSED, BUILD_CLUSTER_FAILED, BUILD_CLUSTER_ANSWER, and the errors of sealing
 */
export async function issueToken(
  webtask: PreparedWebtask,
  options: BuildOptions & { readonly container: string; readonly cluster: Cluster },
): Promise<MadeToken> {
  const { container, keys, cluster, now } = options;
  const { source, settings, meta, jtn, label } = webtask;
  const parent = claimsOfToken(cluster.token);
  const where = { ten: container, ...codeClaims(source) };
  const exp = expiryOf(jtn !== undefined, parent.exp, options);
  const ectx = keys.certificate
    ? await sealSecrets(settings.secrets, sealedForRequest(where, parent.jti), keys, 'certificate', now)
    : settings.secrets;
  const claims = {
    ...where,
    ...(jtn !== undefined && { jtn }),
    ...(isFilled(settings.secrets) && { ectx }),
    ...settingClaims(webtask),
    ...(isFilled(meta) && { meta }),
    dd: 0,
    ...(exp !== undefined && { exp }),
  };
  const issued = await issueOnCluster(cluster, claims, label);
  const { exp: end, url = '', url_sha256 } = issued.claims;
  const pinned = url_sha256 !== undefined || url.includes('/sha256:');
  return { token: issued.token, url, pinned, exp: end, webtaskUrl: issued.webtaskUrl };
}

function codeClaims(source: PreparedWebtask['source']) {
  if ('code' in source) return source;
  return { url: source.url, ...(source.sha256 !== undefined && { url_sha256: source.sha256 }) };
}

/** When a token ends. What is kept under a name has its URL for as long as it is there, and no child outlives its parent. */
function expiryOf(isNamed: boolean, parent: number | undefined, { expiresIn, now }: BuildOptions): number | undefined {
  if (expiresIn !== undefined) return Math.floor(now / 1000) + expiresIn;
  if (isNamed) return parent;
  const usual = Math.floor(now / 1000) + DEFAULT_EXPIRES_IN;
  return parent === undefined ? usual : Math.min(usual, parent);
}
