import { type ErrorCode, WebtaskError } from '../../errors.ts';

/** What OAuth calls each error that a caller can do something about. */
const OAUTH_ERRORS: Partial<Record<ErrorCode, string>> = {
  CALLER_UNAUTHENTICATED: 'invalid_client',
  CALLER_SCOPE: 'insufficient_scope',
  REVOCATION_TOKEN_TYPE: 'unsupported_token_type',
  REVOCATION_OTHER_CLIENT: 'invalid_grant',
};

const NOT_NOW = 'The store does not answer at the moment.';

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
 * A question that could not be answered is a 503 with `Retry-After`, whatever it was about, and says nothing of what is
 * inside; nor does what is not foreseen.
 *
 * @see RFC 6749 section 5.2, RFC 6750 section 3, RFC 7009 section 2.2.1, RFC 7662 section 2.3
 */
export function refuse(error: unknown): Response {
  const known: WebtaskError =
    error instanceof WebtaskError ? error : new WebtaskError('INTERNAL', {}, { cause: error });
  const { code, message, fields } = known;
  const isOfStore = known.status === 502;
  const status = isOfStore ? 503 : known.status;
  const name = nameOf(known) ?? (status >= 500 ? 'temporarily_unavailable' : 'invalid_request');
  const answer = json({ error: name, error_description: isOfStore ? NOT_NOW : message, code }, status);
  const challenge = challengeFor(known, name);
  if (challenge !== undefined) answer.headers.set('WWW-Authenticate', challenge);
  if (status === 503) answer.headers.set('Retry-After', String(fields.retryAfter ?? 1));
  return answer;
}

function nameOf({ code, fields }: WebtaskError): string | undefined {
  return code === 'CALLER_UNAUTHENTICATED' && fields.scheme === 'Bearer' ? 'invalid_token' : OAUTH_ERRORS[code];
}

/** How to come in: by the scheme that was used, and by whichever there is where none was. */
function challengeFor({ status, fields }: WebtaskError, name: string): string | undefined {
  if (status === 401 && fields.scheme !== 'Bearer') return 'Basic realm="revocation", Bearer realm="revocation"';
  if (fields.scheme !== 'Bearer') return undefined;
  const scope = status === 403 ? `, scope="${String(fields.scope)}"` : '';
  return `Bearer realm="revocation", error="${name}"${scope}`;
}
