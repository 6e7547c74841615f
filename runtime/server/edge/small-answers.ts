import type { IncomingMessage, ServerResponse } from 'node:http';
import { allowOrigin, answerPreflight, isPreflight } from './cors.ts';

/**
 * Answers what is for nobody in particular: `/favicon.ico`, which browsers ask of every host, and `OPTIONS *`.
 *
 * @returns whether it was that
 * @see protocol reference 4.3
 */
export function answerSmall(req: IncomingMessage, res: ServerResponse): boolean {
  const isFavicon = /^\/favicon\.ico(?:$|\?)/.test(req.url ?? '') && /^(?:GET|HEAD)$/.test(req.method ?? '');
  const isServerWide = req.url === '*';
  if (!isFavicon && !isServerWide) return false;
  res.writeHead(isFavicon ? 404 : 200, { 'Referrer-Policy': 'no-referrer', 'Content-Length': '0' }).end();
  return true;
}

/**
 * Lets pages of every origin use the management API with a token that they have, as sandboxjs in a browser does. It
 * reads no cookie, and no answer of it is for requests with credentials that a browser adds by itself.
 *
 * @returns whether the request was a preflight, and is answered
 */
export function openManagement(req: IncomingMessage, res: ServerResponse): boolean {
  if (!req.url?.startsWith('/api/')) return false;
  if (isPreflight(req)) {
    answerPreflight(req, res, 'any');
    return true;
  }
  allowOrigin(req, res, 'any');
  return false;
}
