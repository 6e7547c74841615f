import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What Node calls for each header of a message, so that its own rules for repeated names hold; it has no public name. */
interface HeaderReader {
  _addHeaderLine(name: string, value: string, headers: IncomingHttpHeaders): void;
}

/** Of a message only what reads headers is needed, which keeps nothing. */
const READER: HeaderReader = Object.create(IncomingMessage.prototype);

/**
 * Reads headers as `http.IncomingMessage#headers` has them, without a message.
 *
 * @param rawHeaders - names and values in turn
 */
export function readHeaders(rawHeaders: readonly string[]): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    READER._addHeaderLine(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '', headers);
  }
  return headers;
}
