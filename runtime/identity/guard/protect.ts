import type { IncomingMessage, ServerResponse } from 'node:http';
import { THROWN } from '../../errors.ts';
import type { JwtClaims } from '../claims.ts';
import type { VerifiedToken } from '../revocation-status.ts';
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
 * Where the token can be checked at once, the webtask is called at once, and what it throws is thrown to whoever calls.
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
  const { authorize, authorizeNow } = createAuthorizer(options);
  const { scopes = [] } = options;

  /** Calls what a request is let through to, or refused by: at once, or once the token could be checked. */
  function guard(context: object, presented: Presented, run: () => unknown, refuse: (refusal: Refusal) => unknown) {
    const letThrough = ({ claims }: VerifiedToken): (() => unknown) => {
      Object.assign(context, { user: claims });
      return run;
    };
    const turnAway = (error: unknown): (() => unknown) => {
      const refusal = refusalFor(error, scopes);
      return () => refuse(refusal);
    };
    const next = decideNow(presented, letThrough, turnAway);
    return next ? next() : authorize(presented).then(letThrough, turnAway).then(callLater);
  }

  function decideNow<T>(presented: Presented, yes: (token: VerifiedToken) => T, no: (error: unknown) => T) {
    try {
      const token = authorizeNow(presented);
      return token && yes(token);
    } catch (error) {
      return no(error);
    }
  }

  if (typeof webtask !== 'function') {
    return {
      async fetch(request: Request, context: Context) {
        const authorization = request.headers.get('authorization');
        const presented = { authorization: authorization === null ? [] : [authorization], url: request.url };
        const refuse = async (refusal: Refusal) => Response.json(refusal.body, refusal);
        return guard(context, presented, async () => webtask.fetch(request, context), refuse);
      },
    };
  }
  if (webtask.length === 3) {
    return (context: Context, req: IncomingMessage, res: ServerResponse) => {
      const presented = { authorization: authorizationIn(req.rawHeaders), url: req.url ?? '' };
      const refuse = ({ status, headers, body }: Refusal): void => {
        res.writeHead(status, { ...headers, 'Content-Type': 'application/json' });
        res.end(JSON.stringify(body));
      };
      return guard(context, presented, () => webtask(context, req, res), refuse);
    };
  }
  return (context: Context, callback: Callback) => {
    const { authorization } = context.headers;
    const presented = {
      authorization: authorization === undefined ? [] : [authorization],
      url: context.query.access_token === undefined ? '' : '?access_token=',
    };
    const run = () => (webtask.length === 2 ? webtask(context, callback) : webtask(callback));
    return guard(context, presented, run, (refusal) => void callback(errorOf(refusal)));
  };
}

/**
 * Calls a webtask for whom nobody waits any more who could be thrown to: what it throws is said to have been thrown. What
 * is not a promise is none of the platform's concern, as ever.
 */
function callLater(run: () => unknown): unknown {
  let returned: unknown;
  try {
    returned = run();
  } catch (error) {
    throw thrown(error);
  }
  return typeof returned === 'object' && returned !== null && 'then' in returned ? returned : undefined;
}

/** An error as it was, but for its status, since to throw is never to choose one; and marked as thrown. */
function thrown(error: unknown): object {
  const isObject = typeof error === 'object' && error !== null;
  return isObject
    ? Object.create(error, { statusCode: { value: 500 }, [THROWN]: { value: error } })
    : { statusCode: 500, toString: () => String(error), [THROWN]: error };
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
