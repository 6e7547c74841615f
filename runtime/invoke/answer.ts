import { STATUS_CODES } from 'node:http';
import { type Exchange, type ExchangeReply, WholeReply } from './http/index.ts';
import type { RunRequest } from './types.ts';

/** The answer of a run, as far as the platform itself gives it. */
export interface Answer {
  /** Its head, and its body as it comes; `none` where whoever waits is not answered; until then `undefined`. */
  readonly reply: ExchangeReply | 'none' | undefined;
  /** Whether its head has gone, so that it cannot become another. */
  readonly hasBegun: boolean;
  /** Whether nothing can be added any more. */
  readonly hasEnded: boolean;
  /** Whether all of it has gone, or nobody is there any more. */
  readonly isClosed: boolean;
  /** Answers with JSON in place of all that was prepared. */
  send(status: number, headers: Readonly<Record<string, string>>, json: string): void;
  /** Closes the connection from the caller's side. */
  close(): void;
  /** Calls when there is a {@link reply}, which there is not yet. */
  onReply(call: () => void): void;
  /** Calls when it is closed, and says whether all of it has gone. */
  onClose(call: (isWhole: boolean) => void): void;
}

/** As they are before a webtask may replace them. */
const { nextTick } = process;
const { from } = Buffer;

const NO_BYTES = Buffer.alloc(0);

/**
 * The answer of a webtask that calls back: it sees neither request nor response, and so there are none. What is said is
 * what `http.ServerResponse` would say. (A class, since each run has one: getters of an object of its own cost more
 * than all else that a run does.)
 */
export class AnswerAlone implements Answer {
  reply: ExchangeReply | 'none' | undefined;
  isClosed = false;
  readonly #request: RunRequest;
  #onReply: (() => void) | undefined;
  #listeners: ((isWhole: boolean) => void)[] | undefined;

  constructor(request: RunRequest) {
    this.#request = request;
  }

  get hasBegun(): boolean {
    return this.reply !== undefined && this.reply !== 'none';
  }

  get hasEnded(): boolean {
    return this.hasBegun;
  }

  send(status: number, headers: Readonly<Record<string, string>>, json: string): void {
    if (this.reply !== undefined) return;
    const bytes = from(json);
    const rawHeaders: string[] = [];
    for (const name in headers) rawHeaders.push(name, headers[name] ?? '');
    rawHeaders.push('Content-Type', 'application/json', 'Content-Length', `${bytes.length}`);
    const hasBody = this.#request.method !== 'HEAD' && status !== 204 && status !== 304;
    this.#settle(new WholeReply(status, STATUS_CODES[status] ?? 'unknown', rawHeaders, hasBody ? bytes : NO_BYTES));
  }

  close(): void {
    if (this.reply === undefined) this.#settle('none');
  }

  onReply(call: () => void): void {
    const { signal } = this.#request;
    const leave = (): void => this.close();
    this.#onReply = () => {
      signal?.removeEventListener('abort', leave);
      call();
    };
    if (signal?.aborted) leave();
    else signal?.addEventListener('abort', leave, { once: true });
  }

  onClose(call: (isWhole: boolean) => void): void {
    if (this.isClosed) call(this.hasEnded);
    else if (this.#listeners) this.#listeners.push(call);
    else this.#listeners = [call];
  }

  #settle(reply: ExchangeReply | 'none'): void {
    this.reply = reply;
    this.#onReply?.();
    if (this.#listeners) nextTick(() => this.#end());
    else this.isClosed = true;
  }

  #end(): void {
    this.isClosed = true;
    for (const call of this.#listeners ?? []) call(this.hasEnded);
  }
}

/** The answer of a webtask that has request and response. */
export class AnswerByResponse implements Answer {
  reply: ExchangeReply | 'none' | undefined;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get hasBegun(): boolean {
    return this.#exchange.res.headersSent;
  }

  get hasEnded(): boolean {
    return this.#exchange.res.writableEnded;
  }

  get isClosed(): boolean {
    return this.#exchange.res.destroyed;
  }

  send(status: number, headers: Readonly<Record<string, string>>, json: string): void {
    const { res } = this.#exchange;
    // What the webtask had prepared is not the head of this answer.
    for (const header of res.getHeaderNames()) res.removeHeader(header);
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    res.statusCode = status;
    res.statusMessage = '';
    // Said here, so that HEAD has it too.
    res.setHeader('Content-Type', 'application/json').setHeader('Content-Length', Buffer.byteLength(json)).end(json);
  }

  close(): void {
    this.#exchange.close();
  }

  onReply(call: () => void): void {
    this.#exchange.reply.then((it) => {
      this.reply = it ?? 'none';
      call();
    });
  }

  onClose(call: (isWhole: boolean) => void): void {
    const { res } = this.#exchange;
    if (res.destroyed) call(res.writableFinished);
    else res.once('close', () => call(res.writableFinished));
  }
}
