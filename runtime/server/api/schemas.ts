const CONTAINER = { type: 'string', minLength: 1, maxLength: 512 } as const;
const NAME = { type: 'string', pattern: '^[-A-Za-z0-9._~!$+=:@]+$', maxLength: 512 } as const;

/** The path of what belongs to a container. */
export const PATH_OF_CONTAINER = { type: 'object', properties: { container: CONTAINER } } as const;

/** The path of what belongs to a webtask. */
export const PATH_OF_WEBTASK = { type: 'object', properties: { container: CONTAINER, name: NAME } } as const;

/** A flag of a query: clients write `true` or `1`. */
export const FLAG = { type: 'string', description: '`true` or `1`' } as const;

/** Whether a flag of a query is set. */
export function isOn(flag: string | undefined): boolean {
  return flag !== undefined && !['', '0', 'false'].includes(flag);
}
