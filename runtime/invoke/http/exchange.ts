import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { RunRequest } from '../types.ts';
import { createIncomingMessage } from './request.ts';
import { StreamedResponse } from './response.ts';
import { createSocket } from './socket.ts';
import { WholeReply } from './whole-reply.ts';

/** As it is before a webtask may replace it. */
const { nextTick } = process;

/** The head of an answer and its body, which may still be coming. */
export interface ExchangeReply {
  readonly status: number;
  readonly statusMessage: string;
  /** Without `Transfer-Encoding`, `Date` and what else is the connection's own. */
  readonly rawHeaders: readonly string[];
  readonly body: Readable;
  /** All of the body, where it was there with the head: whoever takes it in one piece needs no stream. */
  readonly whole?: Buffer | undefined;
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
 * Harness, dev server, server and workers all use this, so that a webtask behaves alike in all of them. All events of
 * the two happen in the asynchronous context that this was called in, whoever reads the answer or sends the body.
 *
 * @example
 * const { req, res, reply } = openExchange({ method: 'GET', url: '/', rawHeaders: ['Host', 'localhost'] });
 * res.end('hello');
 * const { status, body } = await reply;
 */
export function openExchange(request: RunRequest): Exchange {
  const run = new AsyncResource('WebtaskExchange');
  const socket = createSocket(request.address);
  const req = createIncomingMessage(request, socket, run);
  let answer: (reply: ExchangeReply | undefined) => void = () => undefined;
  const reply = new Promise<ExchangeReply | undefined>((resolve) => {
    answer = resolve;
  });
  let body: Readable | undefined;

  const close = (): void => void run.runInAsyncScope(() => socket.destroy());
  const res = new StreamedResponse(req, {
    // Whoever sends a body may have to be answered before the rest of it is asked for.
    takesWhole: !(request.body instanceof Readable),
    whole: (status, statusMessage, rawHeaders, bytes) =>
      answer(new WholeReply(status, statusMessage, rawHeaders, bytes)),
    head(status, statusMessage, rawHeaders) {
      const drained = (): void => res.drained();
      body = new Readable({
        read: () => void (res.isFull() && run.runInAsyncScope(nextTick, process, drained)),
      });
      body.on('error', () => undefined); // the reader sees it too; without a reader it must not end the process
      body.once('close', close); // the reader went away
      answer({ status, statusMessage, rawHeaders, body });
    },
    write: (bytes) => body?.push(bytes) ?? true,
  });

  const onClose = (): void => {
    const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET' }); // Node's own words
    res.cutOff(aborted);
    if (res.socket) req.destroy(aborted); // none where that has finished it, as it does up to Node 22
    body?.destroy(new Error('the webtask closed the connection'));
    answer(undefined);
  };
  socket.once('close', onClose); // before the response is told of it, as in Node
  res.assignSocket(socket);
  res.once('finish', () => {
    body?.off('close', close).push(null);
    socket.off('close', onClose);
    // A body that the webtask has not begun to read is not wanted any more. Neither name is public; both are old.
    const { _consuming, _dump } = req as unknown as { _consuming: boolean; _dump(): void };
    if (!_consuming && !req.readableFlowing) _dump.call(req);
    res.detachSocket(socket);
    nextTick(() => res.leave());
  });

  const { signal } = request;
  if (signal) {
    if (signal.aborted) close();
    signal.addEventListener('abort', close, { once: true });
    res.once('close', () => signal.removeEventListener('abort', close));
  }
  return { req, res, reply, close };
}
