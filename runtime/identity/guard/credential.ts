import { fail } from '../../errors.ts';

/** Where a request may carry an access token. */
export interface Presented {
  /** The values of all its headers `Authorization`. */
  readonly authorization: readonly string[];
  /** Its URL, or the query of it. */
  readonly url: string;
}

/** Beyond the longest token: what does not fit is told apart by the verifier. */
const MAX_LENGTH = 16 * 1024;
const BEARER = /^bearer(?: +(.*))?$/is;
const TOKEN = /^[\w\-.~+/]+=*$/;

/**
 * Finds the access token of a request: in the header `Authorization`, after `Bearer`. One in the query is not taken, since
 * URLs are logged and handed on.
 *
 * @throws ACCESS_TOKEN_MISSING, ACCESS_TOKEN_REQUEST
 * @see RFC 6750 sections 2.1 and 3.1, RFC 9700 section 4.3.2
 */
export function readCredential({ authorization, url }: Presented): string {
  const [value, ...others] = authorization;
  if (others.length > 0) malformed('the header Authorization comes more than once');
  const bearer = value === undefined ? null : BEARER.exec(value.slice(0, MAX_LENGTH));
  if (!bearer) return fail('ACCESS_TOKEN_MISSING');
  const [, token = ''] = bearer;
  if (!TOKEN.test(token)) malformed('what follows Bearer is no token');
  if (/[?&]access_token=/.test(url)) malformed('it comes in the header and in the URL');
  return token;
}

function malformed(reason: string): never {
  return fail('ACCESS_TOKEN_REQUEST', { reason });
}
