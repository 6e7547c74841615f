import { ERRORS, type ErrorCode } from '../../errors.ts';

/** A JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** What a route is, does, takes and answers with. */
export interface RouteDescription {
  /** What the route does, as a verb: `Reads a webtask`. */
  readonly summary: string;
  readonly description?: string;
  readonly params?: Schema;
  readonly querystring?: Schema;
  readonly body?: Schema;
  /** The JSON that it answers with, or `NOTHING`, or what {@link textAnswer} gives. */
  readonly answer: Schema;
  /** Its own errors, beside those that every route has. */
  readonly errors?: readonly ErrorCode[];
  /** Needs no credential. */
  readonly open?: boolean;
}

/** What every error is in JSON; Fastify knows it under this name. */
export const ERROR_SCHEMA = {
  $id: 'Error',
  type: 'object',
  description: 'What went wrong.',
  required: ['code', 'message'],
  properties: {
    code: { type: 'integer', description: 'the HTTP status' },
    message: { type: 'string' },
    req_id: { type: 'string', description: 'names the request in the logs' },
  },
} as const;

/** The answer 204, which has no body. */
export const NOTHING = { type: 'null', description: 'Done.' } as const;

/** An answer in text of some type. */
export function textAnswer(type: string, description: string): Schema {
  return { content: { [type]: { schema: { type: 'string' } } }, description };
}

const ALWAYS = [
  'REQUEST_INVALID',
  'BODY_TOO_LARGE',
  'API_TIMED_OUT',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];

const OF_CREDENTIALS = [
  'CREDENTIAL_MISSING',
  'CREDENTIAL_UNEXPECTED',
  'CREDENTIAL_OPAQUE',
  'TOKEN_MALFORMED',
  'TOKEN_KEY_UNKNOWN',
  'TOKEN_SIGNATURE',
  'TOKEN_EXPIRED',
  'TOKEN_NOT_YET_VALID',
  'TOKEN_REVOKED',
  'TOKEN_KEY_CONTAINER',
  'TOKEN_CONTAINER_PATTERN',
  'TOKEN_SEAL_UNREADABLE',
  'TOKEN_SEAL_MISMATCH',
  'ADMIN_REFUSED',
  'CONTAINER_REFUSED',
  'REVOCATION_CHECK_FAILED',
  'AUDIT_UNWRITABLE',
  'STORE_UNREACHABLE',
  'STORE_NO_TABLE',
  'STORE_OWNER_SILENT',
  'STORE_FILES_UNUSABLE',
  'STORE_FORMAT_NEWER',
  'STORE_RESTORE_UNFINISHED',
] as const satisfies readonly ErrorCode[];

/**
 * Makes the schema of a route, from which its input is checked and its part of the OpenAPI document is made. What it
 * says of answers changes none of them.
 *
 * @example
 * api.delete('/api/cache/:container', { schema: describeRoute({ summary: 'Forgets ...', params: PATH_OF_CONTAINER,
 *   answer: NOTHING, errors: ['NOT_CACHED'] }) }, async (request, reply) => ...);
 */
export function describeRoute(route: RouteDescription): Schema {
  const { answer, errors = [], open = false, ...rest } = route;
  const codes: readonly ErrorCode[] = [...errors, ...(open ? [] : OF_CREDENTIALS), ...ALWAYS];
  const response: Record<string, Schema> = { [answer === NOTHING ? 204 : 200]: { description: 'Done.', ...answer } };
  for (const status of new Set(codes.map((code) => ERRORS[code].status))) {
    response[status] = errorAnswer(codes.filter((code) => ERRORS[code].status === status));
  }
  return { ...rest, security: open ? [] : [{ bearer: [] }, { key: [] }], response };
}

function errorAnswer(codes: readonly ErrorCode[]): Schema {
  const description = [...new Set(codes)].map((code) => `\`${code}\`: ${ERRORS[code].text}`).join('\n\n');
  return { description, content: { 'application/json': { schema: { $ref: 'Error#' } } } };
}
