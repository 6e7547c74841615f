import { parseToken, type TokenClaims } from '../../token/index.ts';

/**
 * The claims of the token by which a webtask is called that keeps something for this server. It may run on this very
 * server, and what it needs itself must then not be asked of it.
 *
 * @param url - with the token as its `key`
 * @returns unverified; `undefined` where the key is of some other service
 */
export function claimsOfKey(url: string): TokenClaims | undefined {
  const key = new URL(url).searchParams.get('key');
  try {
    return key === null ? undefined : parseToken(key).claims;
  } catch {
    return undefined;
  }
}
