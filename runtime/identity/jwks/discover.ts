import { fail, WebtaskError } from '../../errors.ts';
import { fetchJson, isTrustworthy, RETRY_AFTER } from './fetch-json.ts';

/**
 * Asks an issuer where its keys are.
 *
 * Its metadata has to name it exactly, or one issuer could speak for another that is at the same host.
 *
 * @param issuer - as {@link isTrustworthy} has it
 * @returns the URL of its key set
 * @throws JWKS_UNAVAILABLE
 * @see OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3
 */
export async function discoverKeySet(issuer: string): Promise<string> {
  const [openId, oauth] = metadataUrls(issuer);
  const { value, url } = await fetchMetadata(openId).catch((error: unknown) => {
    const isMissing = error instanceof WebtaskError && error.message.includes('it answered 404');
    if (!isMissing) throw error;
    return fetchMetadata(oauth);
  });
  const unavailable = (reason: string): never => fail('JWKS_UNAVAILABLE', { url, reason, retryAfter: RETRY_AFTER });
  if (value.issuer !== issuer) unavailable(`it is the metadata of another issuer, ${JSON.stringify(value.issuer)}`);
  const { jwks_uri: keySet } = value;
  // An issuer without a certificate is on this machine, and so may its keys be; one that has a certificate vouches for no
  // text that comes without.
  const isHere = issuer.startsWith('http:');
  if (typeof keySet !== 'string' || !isTrustworthy(keySet) || !(isHere || keySet.startsWith('https:'))) {
    return unavailable('its jwks_uri is no https URL');
  }
  return keySet;
}

async function fetchMetadata(url: string): Promise<{ value: Record<string, unknown>; url: string }> {
  const { value } = await fetchJson(url);
  return { value, url };
}

/** Of OpenID Connect after the issuer's path, of OAuth before it. */
function metadataUrls(issuer: string): [openId: string, oauth: string] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}
