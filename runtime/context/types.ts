import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ParsedUrlQuery } from 'node:querystring';
import type { WebtaskStorage } from './storage.ts';

/**
 * What a webtask is given about its request, its settings and its platform.
 *
 * @typeParam Secrets - the names of the secrets, for completion and checks: `WebtaskContext<{ API_KEY: string }>`
 * @see protocol reference 3.1
 *
 * @example
 * ```js
 * // @ts-check
 * /**
 *  * @param {import('webtask-kit').WebtaskContext<{ API_KEY: string }>} context
 *  * @param {import('webtask-kit').WebtaskCallback} callback
 *  *\/
 * module.exports = (context, callback) => callback(null, { length: context.secrets.API_KEY.length });
 * ```
 */
export interface WebtaskContext<Secrets extends object = Record<string, string>> {
  /** Request id: milliseconds since the epoch, a dot, and a random number. */
  readonly id: string;
  /** Query, parameters and secrets in one view (the later win), filled up from the body where merging is on. */
  readonly data: Secrets & Record<string, unknown>;
  /** The URL's query without the platform's own keys. A repeated key is an array. */
  readonly query: ParsedUrlQuery;
  /** Signed, readable parameters of the token (`pctx`). */
  readonly params: Readonly<Record<string, unknown>>;
  /** Decrypted secrets of the token (`ectx`). */
  readonly secrets: Secrets;
  readonly meta: Readonly<Record<string, string>>;
  /** The request's headers, names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The parsed body, only where parsing is on and the type is JSON or a form. */
  body?: unknown;
  /** The body's text, only where it was read. */
  body_raw?: string;
  readonly storage: WebtaskStorage;
  /** Aborted when the caller goes away before the answer is whole, or the run is cut off: nobody wants the result. */
  readonly signal: AbortSignal;
  /** The token that authorised this run, only where it fixes the code or the caller shared it. */
  token?: string;
  /**
   * Creates a token as a child of this run's.
   *
   * @param options - the URL of its code, or `params`, `secrets`, `delegation_depth`, `disable_parse_body`,
   *   `disable_merge_body`, `disable_self_revocation`, `issuer_url`, and claims
   */
  create_token(options: unknown, callback: (error: unknown, token?: string) => void): void;
  /** As {@link create_token}; gives the URL at which it runs. */
  create_token_url(options: unknown, callback: (error: unknown, url?: string) => void): void;
}

/**
 * Ends a webtask: an error, or a result that becomes JSON. Only the first call counts.
 *
 * An error with a `statusCode` of 200 to 599 sets the response's status, otherwise it is 400.
 *
 * @see protocol reference 4.1
 */
export type WebtaskCallback = (error?: unknown, result?: unknown) => void;

/** What the platform knows about a request, for adapters such as webtask-tools. */
export interface PlatformParameters {
  readonly req_id: string;
  readonly container: string;
  /** The webtask's name; absent for an anonymous run. */
  readonly jtn?: string;
  readonly jti?: string;
  /** 1 shared domain, 2 custom domain, 3 wildcard domain. */
  readonly url_format: 1 | 2 | 3;
  readonly url?: string;
  readonly pb: 0 | 1 | 2;
  readonly mb: 0 | 1;
  readonly token?: string;
  readonly resolved_modules: Readonly<Record<string, string>> | null;
}

/** The request of a webtask `(context, req, res)`: Node's own, and the platform's parameters. */
export type WebtaskRequest = IncomingMessage & { query: ParsedUrlQuery; x_wt: PlatformParameters };

/** The response of a webtask `(context, req, res)`: Node's own. */
export type WebtaskResponse = ServerResponse;

/** Any of the functions that a webtask may export. */
export type WebtaskFunction<Secrets extends object = Record<string, string>> =
  | ((callback: WebtaskCallback) => unknown)
  | ((context: WebtaskContext<Secrets>, callback: WebtaskCallback) => unknown)
  | ((context: WebtaskContext<Secrets>, req: WebtaskRequest, res: WebtaskResponse) => unknown);
