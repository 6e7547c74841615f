import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JwtClaims } from '../claims.ts';
import { createAuthorizer, type GuardOptions } from './authorize.ts';
import { type Refusal, refusalFor } from './refusal.ts';

/** A request of Node, Connect or Express; of Fastify, whose own holds one. */
type GuardedRequest = (IncomingMessage | { readonly raw: IncomingMessage }) & { auth?: JwtClaims };

/** A response of Node, Connect or Express; or Fastify's reply. */
type GuardedResponse = ServerResponse | FastifyReply;
interface FastifyReply {
  readonly raw: ServerResponse;
  code(status: number): this;
  headers(headers: Record<string, string>): this;
  send(body: unknown): unknown;
}

/** Middleware of Connect and Express, and a hook of Fastify. */
export type AccessGuard = (req: GuardedRequest, res: GuardedResponse, next: (error?: Error) => void) => void;

/**
 * Makes middleware that lets requests with a good access token through, and answers all others as RFC 6750 has it: 400,
 * 401 or 403 with `WWW-Authenticate`, and 503 with `Retry-After` where key or revocation cannot be known. The token's
 * claims are in `req.auth`.
 *
 * @throws VERIFIER_OPTION_INVALID
 *
 * @example
 * const verifier = createVerifier({ issuer: 'https://login.example.com/', audience: 'https://api.example.com' });
 * app.get('/orders', requireAccessToken({ verifier, scopes: ['read:orders'] }), (req, res) => res.json(req.auth.sub));
 *
 * @example
 * fastify.addHook('onRequest', requireAccessToken({ verifier }));
 */
export function requireAccessToken(options: GuardOptions): AccessGuard {
  const { authorize } = createAuthorizer(options);
  const { scopes = [] } = options;

  async function refusalOf(req: GuardedRequest): Promise<Refusal | undefined> {
    const { rawHeaders, url = '' } = 'raw' in req ? req.raw : req;
    try {
      const { claims } = await authorize({ authorization: authorizationIn(rawHeaders), url });
      req.auth = claims;
      return undefined;
    } catch (error) {
      return refusalFor(error, scopes);
    }
  }

  return (req, res, next) => {
    refusalOf(req).then((refusal) => (refusal ? send(res, refusal) : next()), next);
  };
}

/** All values of the header; `req.headers` has the first alone. */
export function authorizationIn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'authorization');
}

function send(res: GuardedResponse, { status, headers, body }: Refusal): void {
  if ('raw' in res) {
    res.code(status).headers(headers).send(body);
    return;
  }
  const text = JSON.stringify(body);
  res.writeHead(status, { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  res.end(text);
}
