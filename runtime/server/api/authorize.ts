import type { FastifyRequest } from 'fastify';
import { readQuery } from '../../context/index.ts';
import { fail } from '../../errors.ts';
import { coversContainer, type TokenClaims } from '../../token/index.ts';
import { readCredential } from '../run/credential.ts';
import type { Authorization } from '../tokens/authorize.ts';
import type { ApiParts } from './api.ts';

/** What tells who makes a request, and records what they are about to do. */
export type CallerParts = Pick<ApiParts, 'identify' | 'acts'>;

/**
 * Finds out who makes a request, and what their credential carries. Where the request is an act it is now recorded, and
 * so goes no further where it cannot be.
 *
 * @throws CREDENTIAL_MISSING, CREDENTIAL_UNEXPECTED, CREDENTIAL_OPAQUE, AUDIT_UNWRITABLE, and what the check of tokens
 *   throws
 */
export async function identifyCaller(request: FastifyRequest, parts: CallerParts): Promise<Authorization> {
  const { reserved } = readQuery(request.raw.url ?? '/');
  const caller = await parts.identify(readCredential(request.raw, reserved), Date.now() / 1000);
  await parts.acts.begin(request, caller);
  return caller;
}

/**
 * Checks that the caller may manage a container, or one webtask in it.
 *
 * A token of a webtask manages nothing, though it names a container: such tokens are handed to whoever runs it.
 *
 * @param container - `undefined` for the whole cluster
 * @param name - the webtask; without it the container as a whole, which tokens for some names (`jtnm`) cannot manage
 * @throws CREDENTIAL_MISSING, CREDENTIAL_UNEXPECTED, CREDENTIAL_OPAQUE, ADMIN_REFUSED, CONTAINER_REFUSED, and what the
 *   check of tokens throws
 * @see protocol reference 4.4, 5.3
 */
export async function authorizeManagement(
  request: FastifyRequest,
  container: string | undefined,
  parts: CallerParts,
  name?: string,
): Promise<TokenClaims> {
  const { claims } = await identifyCaller(request, parts);
  checkManagement(claims, container, name);
  return claims;
}

/**
 * Checks that a token may manage a container, or one webtask in it.
 *
 * @throws ADMIN_REFUSED, CONTAINER_REFUSED
 */
export function checkManagement(claims: TokenClaims, container: string | undefined, name?: string): void {
  const { ten, url, ectx, jtn, jtnm } = claims;
  if (url !== undefined || ectx !== undefined) fail('ADMIN_REFUSED');
  if (container === undefined) {
    if (ten !== undefined || jtn !== undefined || jtnm !== undefined) fail('ADMIN_REFUSED');
    return;
  }
  if (!coversContainer(ten, container)) fail('CONTAINER_REFUSED', { container });
  if (jtn !== undefined && jtn !== name) fail('ADMIN_REFUSED');
  if (jtnm !== undefined && (name === undefined || !jtnm.includes(name))) fail('ADMIN_REFUSED');
}
