import type { ErrorCode } from '../../errors.ts';

const CONTAINER = { type: 'string', minLength: 1, maxLength: 512 } as const;
const NAME = { type: 'string', pattern: '^[-A-Za-z0-9._~!$+=:@]+$', maxLength: 512 } as const;

/** The path of what belongs to a container. */
export const PATH_OF_CONTAINER = { type: 'object', properties: { container: CONTAINER } } as const;

/** The path of what belongs to a webtask. */
export const PATH_OF_WEBTASK = { type: 'object', properties: { container: CONTAINER, name: NAME } } as const;

/** A webtask, as it is described. */
export const WEBTASK = {
  type: 'object',
  required: ['container', 'name', 'token', 'meta', 'webtask_url'],
  properties: {
    container: { type: 'string' },
    name: { type: 'string' },
    token: { type: 'string', description: 'that it runs by' },
    meta: { type: 'object', additionalProperties: { type: 'string' } },
    webtask_url: { type: 'string', description: 'where it runs' },
    secrets: { type: 'object', additionalProperties: { type: 'string' }, description: 'where `decrypt` asks for them' },
    code: { type: 'string', description: 'where `fetch_code` asks for it' },
  },
} as const;

/** Where a webtask keeps code and names, it may give no answer. */
export const NAME_ERRORS = ['NAME_UNRESOLVED', 'CODE_STORE_UNANSWERED'] as const satisfies readonly ErrorCode[];

/** What may be wrong with a token or webtask that is asked for. */
export const ISSUING_ERRORS = [
  'TOKEN_CANNOT_ISSUE',
  'TOKEN_CLAIM_UNKNOWN',
  'TOKEN_CLAIM_TYPE',
  'TOKEN_CLAIM_FIXED',
  'TOKEN_CLAIM_BEYOND',
  'TOKEN_CLAIM_CONFLICT',
  'TOKEN_CLAIM_PATTERN',
  'TOKEN_CLAIM_NEEDS',
  'TOKEN_CLAIM_RESERVED',
  'TOKEN_CLAIM_SEAL',
  'TOKEN_CLAIM_OWN',
  'TOKEN_TOO_LONG',
  'TOKEN_NO_SIGNING_KEY',
  'SEAL_NO_KEY',
  'WEBTASK_WITHOUT_CODE',
  'NAME_INVALID',
  'NAME_CHANGED',
  'QUOTA_EXCEEDED',
  'HOST_INVALID',
  'HOST_OWN',
  'HOST_TAKEN',
  'HOST_UNPROVEN',
  ...NAME_ERRORS,
] as const satisfies readonly ErrorCode[];

/** Where code is, that a request needs to read, may fail it too. */
export const CODE_ERRORS = [
  'CODE_MISSING',
  'CODE_URL_INVALID',
  'CODE_ADDRESS_REFUSED',
  'CODE_UNREACHABLE',
  'CODE_STATUS',
  'CODE_TOO_LARGE',
  'CODE_TIMED_OUT',
  'CODE_REDIRECTS',
  'CODE_HASH_MISMATCH',
  ...NAME_ERRORS,
] as const satisfies readonly ErrorCode[];

/** A flag of a query: clients write `true` or `1`. */
export const FLAG = { type: 'string', description: '`true` or `1`' } as const;

/** Whether a flag of a query is set. */
export function isOn(flag: string | undefined): boolean {
  return flag === '1' || flag === 'true';
}

/** Reads the `meta` of a query, each `key:value`, into names and values. */
export function readMetaFilter(meta: readonly string[]): (readonly [name: string, value: string])[] {
  return meta.map((text) => {
    const end = text.indexOf(':');
    return [text.slice(0, end), text.slice(end + 1)];
  });
}
