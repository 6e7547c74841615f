import { createHash } from 'node:crypto';
import type { SealedFor } from './seal.ts';

/** The claims of a request to issue that say what its secrets are for. */
export interface RequestWithSecrets {
  readonly ten?: string | undefined;
  readonly url?: string | undefined;
  readonly url_sha256?: string | undefined;
  /** Source text, in place of a URL. */
  readonly code?: string | undefined;
}

/** Stands for the master key, which has no id. */
const MASTER = 'master';

/**
 * Says what secrets are sealed for that a request to issue carries as a compact JWE, so that only the cluster reads
 * them.
 *
 * Such a seal names the token that asks: what is in a token cannot be presented here to be put beside other metadata,
 * and what somebody saw of a request cannot be presented by anybody else.
 *
 * @param issuer - `jti` of the token that asks; the master key has none
 */
export function sealedForRequest(
  { ten, url, url_sha256, code }: RequestWithSecrets,
  issuer: string | undefined,
): SealedFor {
  const where =
    code === undefined ? { url, url_sha256 } : { url_sha256: createHash('sha256').update(code).digest('hex') };
  return { ten, ...where, issuer: issuer ?? MASTER };
}
