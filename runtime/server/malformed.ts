import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebtaskError } from '../errors.ts';
import { platformFailure, requestId } from '../invoke/index.ts';

/**
 * Answers what cannot be read as a request, and closes its connection.
 *
 * @param error - of Node's parser, or of its limits of time and size
 * @see protocol reference 4.4
 */
export function answerMalformed(error: Error & { code?: string; reason?: string }, socket: Duplex): void {
  // Set while a request of this connection is being answered; it has no public name, and Node's own handler asks it too.
  const { _httpMessage } = socket as { _httpMessage?: unknown };
  if (!socket.writable || _httpMessage) {
    socket.destroy();
    return;
  }
  const { status, source, body } = platformFailure(toWebtaskError(error), requestId());
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `x-wt-response-source: ${source}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  );
}

function toWebtaskError(error: Error & { code?: string; reason?: string }): WebtaskError {
  if (error.code === 'HPE_HEADER_OVERFLOW') return new WebtaskError('REQUEST_HEADERS_TOO_LARGE', {});
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new WebtaskError('REQUEST_TOO_SLOW', {});
  return new WebtaskError('REQUEST_MALFORMED', { reason: error.reason ?? error.message });
}
