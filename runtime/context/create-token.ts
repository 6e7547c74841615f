import { fail } from '../errors.ts';
import type { WebtaskContext } from './types.ts';

/** A token that was issued for a webtask. */
export interface CreatedToken {
  readonly token: string;
  /** Where it runs. */
  readonly url: string;
}

/** Issues a token as a child of the one that authorised the run. */
export type IssueForRun = (requested: Readonly<Record<string, unknown>>) => Promise<CreatedToken>;

/** What tokens are created with. */
export interface CreateTokenParts {
  /** The token that authorised the run, where the webtask may see it. */
  readonly token?: string | undefined;
  /** URL of the code, where the token fixes it. */
  readonly codeUrl?: string | undefined;
  /** Absent where there is no cluster that could issue. */
  readonly issue?: IssueForRun | undefined;
}

type Methods = Pick<WebtaskContext, 'create_token' | 'create_token_url'>;
type Callback = (error: unknown, result?: string) => void;

const ISSUER_TIMEOUT_MS = 10_000;

/**
 * Makes the methods of a context that create tokens.
 *
 * The new token is a child of `context.token`: it never has more, and there is none where its depth (`dd`) is 0.
 *
 * @see protocol reference 3.7
 */
export function createTokenMethods(parts: CreateTokenParts): Methods {
  const method =
    (name: keyof Methods, pick: (created: CreatedToken) => string) =>
    (options: unknown, callback: Callback): void => {
      if (!parts.issue) fail('CREATE_TOKEN_UNSUPPORTED', { method: name });
      if (typeof callback !== 'function') throw new TypeError('Callback must be a function.');
      // The callback is called apart from the promise, so that what it throws is thrown by the webtask.
      create(options, parts).then(
        (created) => process.nextTick(callback, null, pick(created)),
        (error: unknown) => process.nextTick(callback, error),
      );
    };
  return {
    create_token: method('create_token', ({ token }) => token),
    create_token_url: method('create_token_url', ({ url }) => url),
  };
}

async function create(options: unknown, { token, codeUrl, issue }: CreateTokenParts): Promise<CreatedToken> {
  if (token === undefined || !issue) return fail('CREATE_TOKEN_NO_PARENT');
  const given = typeof options === 'string' ? { url: options } : options;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return fail('CREATE_TOKEN_OPTIONS');
  const { issuer_url: issuer, ...rest } = given as Readonly<Record<string, unknown>>; // an object, just checked
  const requested = toClaims(rest, codeUrl !== undefined);
  if (issuer === undefined || issuer === null) return issue(requested);
  if (typeof issuer === 'string' && /^https?:\/\//.test(issuer) && URL.canParse(issuer)) {
    return askIssuer(issuer.replace(/\/+$/, ''), requested, token);
  }
  return fail('CREATE_TOKEN_OPTIONS');
}

/**
 * Turns the options of the original into claims; what else is given is a claim already.
 *
 * @param isFixed - whether the parent fixes the code, and with it how bodies are read
 */
function toClaims(options: Readonly<Record<string, unknown>>, isFixed: boolean): Record<string, unknown> {
  const {
    params,
    secrets,
    disable_parse_body,
    disable_merge_body,
    disable_self_revocation,
    delegation_depth,
    ...rest
  } = options;
  const claims = {
    ...(!isFixed && { pb: disable_parse_body ? 0 : 1, mb: disable_merge_body ? 0 : 1 }),
    pctx: params,
    ectx: secrets,
    dr: disable_self_revocation ? 1 : undefined,
    dd: delegation_depth,
    ...rest,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined && value !== null));
}

/** Asks another cluster, which knows the token. */
async function askIssuer(base: string, claims: Record<string, unknown>, parent: string): Promise<CreatedToken> {
  const answer = await fetch(`${base}/api/tokens/issue`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${parent}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(claims),
    redirect: 'error', // the token is for this issuer only
    signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
  }).catch((cause: unknown) => fail('CREATE_TOKEN_ISSUER', { issuer: base, reason: 'it did not answer' }, { cause }));
  const text = await answer.text();
  if (!answer.ok) fail('CREATE_TOKEN_ISSUER', { issuer: base, reason: `it answered ${answer.status}` });
  return { token: text, url: answer.headers.get('location') ?? '' };
}
