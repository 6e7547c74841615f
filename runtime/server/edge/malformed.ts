import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebtaskError } from '../../errors.ts';
import { platformFailure, requestId } from '../../invoke/index.ts';
import { sendError } from '../run/answer.ts';
import { MAX_URL_LENGTH } from './admit.ts';

/**
 * Answers what cannot be read as a request, and closes its connection.
 *
 * @param error - of Node's parser, or of its limits of time and size
 * @see protocol reference 4.4
 */
export function answerMalformed(error: ParserError, socket: Duplex): void {
  // Set while a request of this connection is being answered, and while one is being read. Neither has a public name, and
  // Node's own handler asks the first one too.
  const { _httpMessage: answering, parser } = socket as SocketInternals;
  const isOfBody = parser?.incoming?.complete === false;
  const known = toWebtaskError(error);
  // Of the request that is being answered; otherwise what comes behind it is not answered into its answer, which it
  // gets, and what is left of one that was answered early not at all: a second answer would be taken for that of the
  // next request.
  if (answering && !answering.headersSent && !answering.req.complete) {
    answerAndClose(known, answering);
  } else if (answering?.req.complete && !isOfBody && socket.writable) {
    closeAfterAnswers(socket);
  } else if (!socket.writable || answering || isOfBody || isConnecting(socket)) {
    socket.destroy();
  } else {
    answerSocket(known, socket);
  }
}

interface SocketInternals {
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null;
}

const closing = new WeakSet<Duplex>();

/** Has the requests answered that came whole before what cannot be read, in their order, and closes the connection. */
function closeAfterAnswers(socket: Duplex): void {
  if (closing.has(socket)) return; // it is told of every piece that comes behind
  closing.add(socket);
  const next = (): void => {
    const { _httpMessage: answering } = socket as SocketInternals;
    // Node puts the next answer in its place when one has finished.
    if (answering) answering.once('finish', () => setImmediate(next));
    else socket.end(() => socket.destroy());
  };
  next();
}

/** Whether a caller has not come as far as TLS, and so could not read an answer. */
function isConnecting(socket: Duplex): boolean {
  return 'secureConnecting' in socket && socket.secureConnecting === true;
}

/** Says what is wrong with a body, as long as the answer has not begun, and ends the connection. */
export function answerAndClose(error: WebtaskError, res: ServerResponse): void {
  const { socket } = res.req;
  if (res.headersSent) return void socket.destroy();
  res.shouldKeepAlive = false;
  res.once('finish', () => socket.destroySoon());
  sendError(error, requestId(), res);
}

/** Answers on a connection that has no response, and ends it. */
export function answerSocket(error: WebtaskError, socket: Duplex): void {
  const { status, source, body } = platformFailure(error, requestId());
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

/** What Node tells of it. */
type ParserError = Error & { code?: string; reason?: string; rawPacket?: Buffer };

function toWebtaskError(error: ParserError): WebtaskError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    const [, target = ''] = /^[A-Z]+ ([^ \n]*)/.exec(error.rawPacket?.toString('latin1') ?? '') ?? [];
    const isInTarget = target.length > MAX_URL_LENGTH;
    return new WebtaskError(isInTarget ? 'URL_TOO_LONG' : 'REQUEST_HEADERS_TOO_LARGE', {});
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new WebtaskError('REQUEST_TOO_SLOW', {});
  return new WebtaskError('REQUEST_MALFORMED', { reason: error.reason ?? error.message });
}
