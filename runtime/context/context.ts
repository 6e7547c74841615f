import type { IncomingHttpHeaders } from 'node:http';
import type { ParsedUrlQuery } from 'node:querystring';
import type { ParsedBody } from './body.ts';
import { createTokenMethods, type IssueForRun } from './create-token.ts';
import { mergeData } from './data.ts';
import { type ReportMissing, watchMissing } from './missing.ts';
import type { WebtaskStorage } from './storage.ts';
import type { WebtaskContext } from './types.ts';

/** What a context is made of. */
export interface ContextParts {
  readonly id: string;
  readonly query: ParsedUrlQuery;
  readonly params: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly parsed: ParsedBody;
  readonly mergeBody: boolean;
  readonly storage: WebtaskStorage;
  readonly token?: string | undefined;
  /** URL of the code, where the token fixes it. */
  readonly codeUrl?: string | undefined;
  /** Issues tokens as children of the one that authorised the run. */
  readonly issue?: IssueForRun | undefined;
  /** Makes the signal of the caller; asked for once, by webtasks that look at it. */
  readonly makeSignal?: (() => AbortSignal) | undefined;
  /** Development only: is told of secrets and parameters that are read and were never given. */
  readonly reportMissing?: ReportMissing | undefined;
}

/**
 * Builds the context of one run.
 *
 * @see protocol reference 3
 */
export function createContext(parts: ContextParts): WebtaskContext {
  // Copies: one run must not see what another wrote into its context.
  const secrets = { ...parts.secrets };
  const params = { ...parts.params };
  const body = parts.mergeBody ? parts.parsed.body : undefined;
  // The view's type promises the secrets under their names, which merging keeps.
  const data = mergeData({ query: parts.query, params, secrets, body }) as WebtaskContext['data'];
  const { 'x-wt-params': _platform, ...headers } = parts.headers; // the platform's own, which holds the token
  const report = parts.reportMissing;
  const given = [...Object.keys(secrets), ...Object.keys(params)];
  const context: WebtaskContext = Object.assign(new Caller(parts.makeSignal), {
    id: parts.id,
    data: report ? watchMissing(data, 'data', given, report) : data,
    query: parts.query,
    params: report ? watchMissing(params, 'params', given, report) : params,
    secrets: report ? watchMissing(secrets, 'secrets', given, report) : secrets,
    meta: { ...parts.meta },
    headers,
    storage: parts.storage,
    ...createTokenMethods({ token: parts.token, codeUrl: parts.codeUrl, issue: parts.issue }),
  });
  if (parts.parsed.body !== undefined) context.body = parts.parsed.body;
  if (parts.parsed.raw !== undefined) context.body_raw = parts.parsed.raw;
  if (parts.token !== undefined) context.token = parts.token;
  return context;
}

/** The caller, for a context: no field of the original, so that it is not among those that are listed. */
class Caller {
  readonly #makeSignal: (() => AbortSignal) | undefined;
  #signal: AbortSignal | undefined;

  constructor(makeSignal: (() => AbortSignal) | undefined) {
    this.#makeSignal = makeSignal;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#makeSignal?.() ?? new AbortController().signal;
    return this.#signal;
  }
}
