import { WebtaskError } from '../../errors.ts';

/** What a guard answers in place of the API. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error?: string; readonly error_description: string };
}

const REALM = 'realm="api"';
const NOT_NOW = 'The access token cannot be checked at the moment.';
const ERRORS: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'invalid_token',
  403: 'insufficient_scope',
};

/**
 * Describes why a request is refused, as RFC 6750 has it. A token that cannot be checked is not called bad: that is a 503,
 * which says when to come again, and not what is wrong inside.
 *
 * @param error - of a guard; anything else is thrown on
 * @param scopes - that the guard wants
 * @see RFC 6750 section 3
 */
export function refusalFor(error: unknown, scopes: readonly string[]): Refusal {
  if (!(error instanceof WebtaskError) || (error.status !== 503 && ERRORS[error.status] === undefined)) throw error;
  const { status, code, message, fields } = error;
  if (status === 503) {
    const headers = { 'Retry-After': String(fields.retryAfter), 'Cache-Control': 'no-store' };
    return { status, headers, body: { error: 'temporarily_unavailable', error_description: NOT_NOW } };
  }
  // Who brings no token is told what to bring, and nothing that would look like a fault of theirs.
  const name = code === 'ACCESS_TOKEN_MISSING' ? undefined : ERRORS[status];
  const description = quotable(message);
  const challenge = [
    `Bearer ${REALM}`,
    ...(name === undefined ? [] : [`error="${name}"`, `error_description="${description}"`]),
    ...(scopes.length > 0 && (name === undefined || status === 403) ? [`scope="${quotable(scopes.join(' '))}"`] : []),
  ];
  return {
    status,
    headers: { 'WWW-Authenticate': challenge.join(', '), 'Cache-Control': 'no-store' },
    body: { ...(name !== undefined && { error: name }), error_description: description },
  };
}

/** Text as a quoted string may hold it: parts of it are the caller's. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, "'");
}
