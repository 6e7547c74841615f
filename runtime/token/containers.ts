import { fail } from '../errors.ts';

/**
 * Says whether a token may be used in a container.
 *
 * @param ten - the claim: a name, or names with commas between; without it a token is good for every container
 * @throws TOKEN_CONTAINER_PATTERN where the claim is a regular expression
 * @see protocol reference 5.2
 */
export function coversContainer(ten: string | undefined, container: string): boolean {
  if (ten === undefined) return true;
  if (/^\/.*\/$/.test(ten)) fail('TOKEN_CONTAINER_PATTERN', { ten });
  return containersOf(ten).includes(container);
}

/** The names in a `ten` claim that is no regular expression. */
export function containersOf(ten: string): string[] {
  return ten.split(',').map((name) => name.trim());
}
