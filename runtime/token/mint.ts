import { checkContainers } from './containers.ts';
import type { KeySet } from './keyset.ts';
import { signToken } from './sign.ts';

/** What a token for a container is minted with. */
export interface MintOptions {
  readonly container: string;
  /** Seconds until it expires; never by default. */
  readonly expiresIn?: number | undefined;
  /** How many generations of tokens may be issued from it; none by default. */
  readonly delegationDepth?: number | undefined;
}

/**
 * Mints a token that runs code sent with the request, in one container.
 *
 * @param now - seconds since the epoch
 * @throws TOKEN_NO_SIGNING_KEY, TOKEN_KEY_CONTAINER, TOKEN_CLAIM_TYPE, TOKEN_CLAIM_PATTERN
 * @see protocol reference 5.2
 */
export function mintToken(
  { container, expiresIn, delegationDepth = 0 }: MintOptions,
  keys: KeySet,
  now: number,
): string {
  checkContainers(container);
  const exp = expiresIn === undefined ? {} : { exp: Math.floor(now) + expiresIn };
  return signToken({ ten: container, dd: delegationDepth, ...exp }, keys, now);
}
