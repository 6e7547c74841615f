import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

/**
 * Makes the web-standard request of a webtask `{ fetch(request, context) }`.
 *
 * @param signal - aborted when the caller goes away
 */
export function toWebRequest(req: IncomingMessage, signal: AbortSignal): Request {
  const method = req.method ?? 'GET';
  const headers = new Headers();
  for (let i = 0; i < req.rawHeaders.length; i += 2)
    headers.append(req.rawHeaders[i] ?? '', req.rawHeaders[i + 1] ?? '');
  // Joined as text: resolved against a base, a path that begins with `//` would become a host.
  const scheme = req.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'; // as the server found it
  const url = new URL(`${scheme}://${req.headers.host ?? 'localhost'}${req.url ?? '/'}`);
  // Node has two types of its one ReadableStream.
  const body = method === 'GET' || method === 'HEAD' ? null : (Readable.toWeb(req) as globalThis.ReadableStream);
  // `duplex` is demanded by fetch for streamed bodies, and is not in the types of this Node.
  return new Request(url, { method, headers, body, signal, duplex: 'half' } as RequestInit);
}

/** Sends a web-standard response as the answer. */
export async function sendWebResponse(response: Response, res: ServerResponse): Promise<void> {
  res.statusCode = response.status;
  if (response.statusText) res.statusMessage = response.statusText;
  for (const [name, value] of response.headers) if (name !== 'set-cookie') res.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader('set-cookie', cookies);
  if (response.body === null) res.end();
  else await pipeline(Readable.fromWeb(response.body as ReadableStream), res); // as above
}
