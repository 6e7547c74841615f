import type { IncomingMessage } from 'node:http';
import type { ParsedUrlQuery } from 'node:querystring';
import { fail } from '../../errors.ts';

/**
 * Finds the credential of a request: what is after `Bearer`, otherwise the query's `key`.
 *
 * @param reserved - the platform's keys of the query
 * @throws CREDENTIAL_MISSING, CREDENTIAL_UNEXPECTED
 * @see protocol reference 4.4, 5.3
 */
export function readCredential(req: IncomingMessage, reserved: ParsedUrlQuery): string {
  const { authorization } = req.headers;
  const token = authorization === undefined ? reserved.key : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (authorization !== undefined && token === undefined) fail('CREDENTIAL_UNEXPECTED');
  if (typeof token !== 'string' || token === '') return fail('CREDENTIAL_MISSING');
  return token;
}
