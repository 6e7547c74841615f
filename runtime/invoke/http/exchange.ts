import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { RunRequest } from '../run.ts';
import { createIncomingMessage } from './request.ts';
import { StreamedResponse } from './response.ts';
import { createSocket } from './socket.ts';

/** The head of an answer and its body, which may still be coming. */
export interface ExchangeReply {
  readonly status: number;
  readonly statusMessage: string;
  readonly rawHeaders: readonly string[];
  readonly body: Readable;
}

/** One request and its response, without a connection. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Settles when the head of the answer is known; `undefined` when the connection was closed before that. */
  readonly reply: Promise<ExchangeReply | undefined>;
  /** Closes the connection from the caller's side. */
  close(): void;
}

/**
 * Makes the real request and response objects that a webtask is called with, over a stand-in socket.
 *
 * Harness, dev server, server and workers all use this, so that a webtask behaves alike in all of them.
 *
 * @example
 * const { req, res, reply } = openExchange({ method: 'GET', url: '/', rawHeaders: ['Host', 'localhost'] });
 * res.end('hello');
 * const { status, body } = await reply;
 */
export function openExchange(request: RunRequest): Exchange {
  const socket = createSocket();
  const req = createIncomingMessage(request, socket);
  let answer: (reply: ExchangeReply | undefined) => void = () => undefined;
  const reply = new Promise<ExchangeReply | undefined>((resolve) => {
    answer = resolve;
  });

  const body = new Readable({ read: () => res.drained(), autoDestroy: true });
  body.on('error', () => undefined); // the reader sees it too; without a reader it must not end the process
  const res = new StreamedResponse(req, {
    head: (status, statusMessage, rawHeaders) => answer({ status, statusMessage, rawHeaders, body }),
    write: (bytes) => body.push(bytes),
    end: () => body.push(null),
  });
  res.assignSocket(socket);
  res.once('finish', () => {
    res.detachSocket(socket);
    req.resume(); // what the webtask left unread is not wanted any more
    process.nextTick(() => res.emit('close'));
  });

  socket.once('close', () => {
    if (!res.writableEnded) body.destroy(new Error('the webtask closed the connection'));
    if (!req.complete) req.destroy();
    answer(undefined);
  });
  body.once('close', () => {
    if (!res.writableEnded) socket.destroy(); // the reader went away
  });
  const close = () => void socket.destroy();
  request.signal?.addEventListener('abort', close, { once: true });
  return { req, res, reply, close };
}
