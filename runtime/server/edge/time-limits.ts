import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds that callers may take; against those that are slow on purpose. */
export interface TimeLimits {
  /** From the connection, or the request before, until all headers are there; also for the handshake of TLS. */
  readonly headers: number;
  /** Until the whole request is there, body included. */
  readonly request: number;
  /** Between two pieces of a body that is waited for. */
  readonly bodyIdle: number;
  /** Until a connection without a request is closed. */
  readonly keepAlive: number;
  /** How long a caller may take nothing of an answer that waits for it. */
  readonly answerIdle: number;
  /** How often headers and requests are looked at. */
  readonly checkEvery: number;
}

export const TIME_LIMITS: TimeLimits = {
  headers: 15_000,
  request: 300_000,
  bodyIdle: 30_000,
  keepAlive: 5_000,
  answerIdle: 60_000,
  checkEvery: 5_000,
};

/** Those that Node looks after. */
export function nodeTimeLimits({ headers, request, keepAlive, checkEvery }: TimeLimits): ServerOptions {
  return {
    headersTimeout: headers,
    requestTimeout: request,
    keepAliveTimeout: keepAlive,
    connectionsCheckingInterval: checkEvery,
  };
}

/**
 * Watches a request whose caller may stall: in its body while the answer has not begun, or in taking the answer.
 *
 * A body that waits for `100 Continue` is not the caller's to send. A quiet answer is the webtask's own matter.
 *
 * @param isHeldBack - whether the caller waits for a word from here
 * @param onSlowBody - is told at most once
 */
export function watchCaller(
  req: IncomingMessage,
  res: ServerResponse,
  { bodyIdle }: TimeLimits,
  isHeldBack: () => boolean,
  onSlowBody: () => void,
): void {
  const { socket } = req;
  if (req.complete) return;
  let received = socket.bytesRead;
  let receivedAt = performance.now();
  const look = (): void => {
    const now = performance.now();
    // What has arrived and is not read yet is the webtask's to read.
    if (isHeldBack() || req.readableLength > 0 || socket.bytesRead !== received) receivedAt = now;
    received = socket.bytesRead;
    const isOver = req.complete || res.headersSent;
    if (!isOver && now - receivedAt < bodyIdle) return;
    clearInterval(timer);
    if (!isOver) onSlowBody();
  };
  const timer = setInterval(look, Math.max(10, bodyIdle / 4));
  timer.unref();
  res.once('close', () => clearInterval(timer));
}

/** Of a connection as a whole, both ways, after `answerIdle`; without a listener Node would end it in any case. */
export function endStalled(socket: Socket): void {
  if (socket.writableLength > 0) socket.destroy();
}

/** Whether a request says that it has a body. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
