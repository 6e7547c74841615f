import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JwtClaims } from '../claims.ts';
import { createAuthorizer, type GuardOptions } from './authorize.ts';
import type { Presented } from './credential.ts';
import { type Refusal, refusalFor } from './refusal.ts';
import { authorizationIn } from './require-access-token.ts';

/** What is needed of a webtask's context. */
interface Context {
  readonly headers: { readonly authorization?: string | undefined };
  readonly query: { readonly access_token?: unknown };
  user?: JwtClaims;
}
type Callback = (error?: unknown, result?: unknown) => void;

/** A webtask of any programming model. */
// any: what it is called with is the platform's to say, and its own types say more than these
// biome-ignore lint/suspicious/noExplicitAny: as above
type Webtask = ((...args: any[]) => unknown) | { fetch(request: any, context: any): unknown };

/**
 * Lets a webtask run only for requests with a good access token, whose claims are in `context.user`. All others are
 * answered as by {@link requireAccessToken}. A webtask `(callback)` becomes one with a context, which holds the headers.
 *
 * @param webtask - a function, or `{ fetch(request, context) }`
 * @throws VERIFIER_OPTION_INVALID
 *
 * @example
 * module.exports = protect((context, callback) => callback(null, `Hello, ${context.user.sub}!`), {
 *   issuer: 'https://login.example.com/',
 *   audience: 'https://api.example.com',
 * });
 */
export function protect(webtask: Webtask, options: GuardOptions): Webtask {
  const authorize = createAuthorizer(options);
  const { scopes = [] } = options;

  async function refusalOf(context: object, presented: Presented): Promise<Refusal | undefined> {
    try {
      const { claims } = await authorize(presented);
      Object.assign(context, { user: claims });
      return undefined;
    } catch (error) {
      return refusalFor(error, scopes);
    }
  }

  if (typeof webtask !== 'function') {
    return {
      async fetch(request: Request, context: Context) {
        const authorization = request.headers.get('authorization');
        const presented = { authorization: authorization === null ? [] : [authorization], url: request.url };
        const refusal = await refusalOf(context, presented);
        return refusal ? Response.json(refusal.body, refusal) : webtask.fetch(request, context);
      },
    };
  }
  if (webtask.length === 3) {
    return async (context: Context, req: IncomingMessage, res: ServerResponse) => {
      const presented = { authorization: authorizationIn(req.rawHeaders), url: req.url ?? '' };
      const refusal = await refusalOf(context, presented);
      if (!refusal) return webtask(context, req, res);
      res.writeHead(refusal.status, { ...refusal.headers, 'Content-Type': 'application/json' });
      return res.end(JSON.stringify(refusal.body));
    };
  }
  return async (context: Context, callback: Callback) => {
    const { authorization } = context.headers;
    const presented = {
      authorization: authorization === undefined ? [] : [authorization],
      url: context.query.access_token === undefined ? '' : '?access_token=',
    };
    const refusal = await refusalOf(context, presented);
    if (refusal) return callback(errorOf(refusal));
    const returned = webtask.length === 2 ? webtask(context, callback) : webtask(callback);
    return returned instanceof Promise ? returned : undefined; // of other values the platform takes no notice
  };
}

/** The refusal as a callback takes it. */
function errorOf({ status, headers, body }: Refusal): Error {
  return Object.assign(new Error(body.error_description), {
    name: body.error ?? 'unauthorized',
    statusCode: status,
    headers,
    stack: undefined,
  });
}
