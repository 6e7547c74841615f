import type { TokenClaims } from '../../token/index.ts';
import { readStoredCodeUrl } from '../registry/registry.ts';

type StoredCode = ReturnType<typeof readStoredCodeUrl>;

/** Read once for each token, not for each run. */
const read = new WeakMap<TokenClaims, { readonly stored: StoredCode }>();

/** Which code of the cluster's own a token is for, if any. */
export function storedCodeOf(claims: TokenClaims): StoredCode {
  if (claims.url === undefined) return undefined;
  const known = read.get(claims);
  if (known) return known.stored;
  const stored = readStoredCodeUrl(claims.url);
  read.set(claims, { stored });
  return stored;
}
