import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { WebtaskError } from '../../errors.ts';
import { requestId } from '../../invoke/index.ts';
import { sendError } from '../run/answer.ts';
import { MAX_HEAD_BYTES } from './admit.ts';
import { continueWhenRead } from './expect.ts';
import { answerAndClose, answerMalformed, answerSocket } from './malformed.ts';
import { endStalled, hasBody, nodeTimeLimits, type TimeLimits, watchCaller } from './time-limits.ts';
import type { TlsPair } from './tls.ts';

/** What answers a request; it throws, now or later, what it does not answer. */
export type Answer = (req: IncomingMessage, res: ServerResponse) => Promise<void> | undefined;

/** What a listener works with. */
export interface ListenerParts {
  /** Certificate and key; without them it speaks plain HTTP. */
  readonly tls: TlsPair | undefined;
  readonly timeLimits: TimeLimits;
  /** Is told of every error that is answered, with the id of its request. */
  readonly onError: (error: WebtaskError, requestId?: string) => void;
}

/**
 * Makes the HTTP/1.1 server that everything comes through, over TLS 1.2 or later where it has a certificate.
 *
 * Callers that are too slow are cut off, `Expect` is answered when it has to be, and what is no request that can be
 * served is refused with its reason.
 */
export function createListener(parts: ListenerParts, answer: Answer): Server | TlsServer {
  const { tls, timeLimits } = parts;
  const serve = (req: IncomingMessage, res: ServerResponse, isHeldBack = isNotHeldBack): void => {
    res.on('timeout', endStalled);
    if (hasBody(req)) {
      const refuseSlow = () => answerAndClose(new WebtaskError('REQUEST_TOO_SLOW', {}), res);
      watchCaller(req, res, timeLimits, isHeldBack, refuseSlow);
    }
    const refuse = (error: unknown): void => {
      if (res.destroyed) return; // the caller went away
      const id = requestId();
      parts.onError(sendError(error, id, res), id);
    };
    try {
      answer(req, res)?.catch(refuse);
    } catch (error) {
      queueMicrotask(() => refuse(error)); // what the parser finds wrong with the rest is said first
    }
  };
  // The Host is asked for in our words.
  const options = { ...nodeTimeLimits(timeLimits), requireHostHeader: false, maxHeaderSize: MAX_HEAD_BYTES };
  const listener: RequestListener = (req, res) => serve(req, res);
  const server = tls
    ? createTlsServer(
        {
          ...options,
          ...tls,
          minVersion: 'TLSv1.2',
          ALPNProtocols: ['http/1.1'],
          handshakeTimeout: timeLimits.headers,
        },
        listener,
      )
    : createServer(options, listener);
  server.timeout = timeLimits.answerIdle;
  server.maxHeadersCount = 0; // those beyond it would be lost without a word; admitRequest counts them
  server.on('clientError', answerMalformed);
  server.on('connect', ({ method = '' }, socket) => {
    answerSocket(new WebtaskError('METHOD_REFUSED', { method }), socket);
  });
  server.on('checkContinue', (req, res) => serve(req, res, continueWhenRead(req, res)));
  server.on('checkExpectation', (req, res) => {
    res.shouldKeepAlive = false; // what it holds back cannot be told from the next request
    sendError(new WebtaskError('EXPECTATION_UNKNOWN', { expectation: req.headers.expect ?? '' }), requestId(), res);
  });
  return server;
}

function isNotHeldBack(): boolean {
  return false;
}
