import type { IncomingMessage, ServerResponse } from 'node:http';

/** What pages of other origins may read beside the headers that they always may. */
const EXPOSED = 'x-auth0-proxy-stats, x-auth0-stats, x-wt-response-source, location';

/** Seconds that a browser remembers what it was told before a request. */
const MAX_AGE = '600';

const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/;
const NAMES = /^[!#$%&'*+.^_`|~\w-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~\w-]+)*$/;

/**
 * Lets pages of every origin read an answer, without the credentials that a browser adds by itself.
 *
 * Authority is in a token that the page has and sends itself, which needs no credentials mode. With it, any page could
 * read what a webtask shows to whoever has its cookie; a webtask that wants this says so in headers of its own.
 *
 * @param origins - `any` where the answer is the same for all of them
 * @see protocol reference 1.8, 4.3
 */
export function allowOrigin(req: IncomingMessage, res: ServerResponse, origins: 'asking' | 'any'): void {
  if (origins === 'asking') res.setHeader('Vary', 'Origin');
  const { origin } = req.headers;
  if (origin === undefined) return;
  res.setHeader('Access-Control-Allow-Origin', origins === 'any' ? '*' : origin);
  res.setHeader('Access-Control-Expose-Headers', EXPOSED);
}

/** What {@link allowOrigin} says of the answer of a run, as names and values in turn. */
export function originHeaders({ headers: { origin } }: IncomingMessage): readonly string[] {
  if (origin === undefined) return FOR_NONE;
  return [...FOR_NONE, 'Access-Control-Allow-Origin', origin, 'Access-Control-Expose-Headers', EXPOSED];
}

const FOR_NONE = ['Vary', 'Origin'] as const;

/** Whether a browser asks what a page of another origin may send. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/** Whether a webtask, or whoever set it, has said which origins may read an answer. */
export function saysOrigins(names: Iterable<string>): boolean {
  return [...names].some((name) => /^access-control-/i.test(name));
}

/**
 * Answers a preflight: the method and the headers that were asked for may be sent.
 *
 * Nothing is let in by it. The request that follows is checked as any other.
 */
export function answerPreflight(req: IncomingMessage, res: ServerResponse, origins: 'asking' | 'any'): void {
  const method = req.headers['access-control-request-method'] ?? '';
  const names = req.headers['access-control-request-headers'] ?? '';
  allowOrigin(req, res, origins);
  res.removeHeader('Access-Control-Expose-Headers');
  res.setHeader('Referrer-Policy', 'no-referrer'); // a key may be in the URL
  if (METHOD.test(method)) res.setHeader('Access-Control-Allow-Methods', method);
  if (NAMES.test(names)) res.setHeader('Access-Control-Allow-Headers', names);
  res.setHeader('Access-Control-Max-Age', MAX_AGE);
  res.setHeader('x-wt-response-source', 'proxy');
  res.setHeader('Content-Length', '0');
  res.writeHead(200).end();
}
