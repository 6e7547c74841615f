import type { TokenClaims } from '../../token/index.ts';
import type { RunRegistry } from '../registry/recall-names.ts';
import { readStoredCodeUrl } from '../registry/registry.ts';
import { firstContainer } from './webtask-url.ts';

/**
 * The metadata that goes with the code of a token: its own; that of the webtask whose code it runs, as both are now; or
 * that of the webtask that it is the token of.
 *
 * Metadata names the compiler and the middleware, so that whoever presents the token of a webtask in place of its name
 * must not run it without them.
 */
export async function webtaskMeta(
  token: string,
  claims: TokenClaims,
  registry: Pick<RunRegistry, 'getNamed'>,
): Promise<Readonly<Record<string, string>>> {
  if (claims.meta !== undefined) return claims.meta;
  const stored = claims.url === undefined ? undefined : readStoredCodeUrl(claims.url);
  if (stored && 'name' in stored) return (await registry.getNamed(stored.container, stored.name))?.meta ?? NONE;
  const container = firstContainer(claims);
  if (container === undefined || claims.jtn === undefined) return NONE;
  const named = await registry.getNamed(container, claims.jtn);
  return named?.token === token ? named.meta : NONE;
}

const NONE = {};
