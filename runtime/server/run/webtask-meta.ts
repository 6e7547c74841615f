import type { TokenClaims } from '../../token/index.ts';
import type { RunRegistry } from '../registry/recall-names.ts';
import type { NamedWebtask } from '../registry/registry.ts';
import { storedCodeOf } from './stored-code.ts';
import { firstContainer } from './webtask-url.ts';

/**
 * The metadata that goes with the code of a token: its own; that of the webtask whose code it runs, as both are now; or
 * that of the webtask that it is the token of.
 *
 * Metadata names the compiler and the middleware, so that whoever presents the token of a webtask in place of its name
 * must not run it without them.
 */
export function webtaskMeta(
  token: string,
  claims: TokenClaims,
  registry: Pick<RunRegistry, 'getNamed'>,
): Meta | Promise<Meta> {
  if (claims.meta !== undefined) return claims.meta;
  const stored = storedCodeOf(claims);
  if (stored && 'name' in stored) {
    const named = registry.getNamed(stored.container, stored.name);
    return named instanceof Promise ? named.then((it) => it?.meta ?? NONE) : (named?.meta ?? NONE);
  }
  if (claims.jtn === undefined) return NONE;
  const container = firstContainer(claims);
  if (container === undefined) return NONE;
  const named = registry.getNamed(container, claims.jtn);
  const metaOf = (it: NamedWebtask | undefined): Meta => (it?.token === token ? it.meta : NONE);
  return named instanceof Promise ? named.then(metaOf) : metaOf(named);
}

type Meta = Readonly<Record<string, string>>;

const NONE: Meta = {};
