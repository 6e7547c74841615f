import { type ErrorCode, WebtaskError } from '../../errors.ts';

/** What OAuth calls each error that a caller can do something about. */
const OAUTH_ERRORS: Partial<Record<ErrorCode, string>> = {
  CALLER_UNAUTHENTICATED: 'invalid_client',
  CALLER_SCOPE: 'insufficient_scope',
  REVOCATION_TOKEN_TYPE: 'unsupported_token_type',
  REVOCATION_OTHER_CLIENT: 'invalid_grant',
};

/** Answers of these endpoints hold for the moment alone. */
const NO_STORE = { 'Cache-Control': 'no-store' };

/** Answers with JSON. */
export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { ...NO_STORE, 'Content-Type': 'application/json' },
  });
}

/** Answers with a status and headers alone. */
export function empty(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers: { ...NO_STORE, ...headers } });
}

/**
 * Answers with an error, as OAuth has it: `error` and `error_description`, with the kit's own `code` beside them.
 *
 * A question that could not be answered is a 503 with `Retry-After`, whatever it was about; what is not foreseen says
 * nothing of itself.
 *
 * @see RFC 6749 section 5.2, RFC 6750 section 3
 */
export function refuse(error: unknown): Response {
  const known: WebtaskError =
    error instanceof WebtaskError ? error : new WebtaskError('INTERNAL', {}, { cause: error });
  const { code, status, message, fields } = known;
  const name = OAUTH_ERRORS[code] ?? (status >= 500 ? 'temporarily_unavailable' : 'invalid_request');
  const answer = json({ error: name, error_description: message, code }, status);
  if (status === 401) {
    answer.headers.set('WWW-Authenticate', `Basic realm="revocation", Bearer realm="revocation", error="${name}"`);
  }
  if (status === 503) answer.headers.set('Retry-After', String(fields.retryAfter ?? 1));
  return answer;
}
