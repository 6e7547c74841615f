import { type KeySet, openSeal, parseToken } from '../../token/index.ts';
import type { createCodeFinder } from '../run/find-code.ts';
import { webtaskUrl } from '../run/webtask-url.ts';
import type { NamedWebtask } from './registry.ts';

/** A webtask as the management API tells of it. */
export interface WebtaskDescription {
  readonly container: string;
  readonly name: string;
  readonly token: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly webtask_url: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly code?: string;
}

/** What a description is made with. */
export interface DescriptionParts {
  readonly keys: KeySet;
  /** The public base of URLs, without a slash at the end. */
  readonly baseUrl: () => string;
  readonly findCode: ReturnType<typeof createCodeFinder>;
}

/**
 * Describes a named webtask.
 *
 * @param wanted - `decrypt` adds the secrets, `fetchCode` the code, be it here or at a URL
 * @throws what finding the code and {@link openSeal} throw
 * @see protocol reference 6.1
 */
export async function describeWebtask(
  named: NamedWebtask,
  { keys, baseUrl, findCode }: DescriptionParts,
  { decrypt = false, fetchCode = false }: { decrypt?: boolean; fetchCode?: boolean },
): Promise<WebtaskDescription> {
  const { container, name, token, meta } = named;
  const { claims } = parseToken(token);
  const isSealed = decrypt && claims.ectx !== undefined;
  const hasCode = fetchCode && claims.url !== undefined;
  return {
    container,
    name,
    token,
    meta,
    webtask_url: webtaskUrl(baseUrl(), named),
    ...(isSealed && { secrets: await openSeal(claims.ectx, claims, keys) }),
    ...(hasCode && { code: (await findCode({ claims, container, named, reserved: {} })).text }),
  };
}
