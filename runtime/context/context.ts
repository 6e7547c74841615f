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
  const headers = { ...parts.headers };
  if (headers['x-wt-params'] !== undefined) delete headers['x-wt-params']; // the platform's own, which holds the token
  const report = parts.reportMissing;
  const watch = <T extends object>(record: T, kind: 'data' | 'params' | 'secrets'): T =>
    report ? watchMissing(record, kind, [...Object.keys(secrets), ...Object.keys(params)], report) : record;
  // Filled one by one, which takes far less than copying an object of all of them.
  const context = new Caller(parts.makeSignal) as Caller & {
    -readonly [name in keyof WebtaskContext]: WebtaskContext[name];
  };
  context.id = parts.id;
  context.data = watch(data, 'data');
  context.query = parts.query;
  context.params = watch(params, 'params');
  context.secrets = watch(secrets, 'secrets');
  context.meta = { ...parts.meta };
  context.headers = headers;
  context.storage = parts.storage;
  const { create_token, create_token_url } = createTokenMethods(parts);
  context.create_token = create_token;
  context.create_token_url = create_token_url;
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
