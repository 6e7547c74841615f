import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { expect } from 'chai';
import { openExchange } from '../../runtime/invoke/http/index.ts';

/** What a handler can make its caller do, so that a case needs no clock. */
export interface Caller {
  /** Sends a piece of the request's body, where the case has `body: 'by hand'`. */
  send(text: string): void;
  /** Ends that body. */
  endBody(): void;
  /** Begins to read the answer, where the case has `reads: 'when told'`. */
  read(): void;
  /** Goes away. */
  leave(): void;
}

/** One conversation. */
export interface Conversation {
  readonly method?: string;
  readonly url?: string;
  /** Names and values in turn, `Host` and the framing of the body aside. */
  readonly headers?: readonly string[];
  /** Text is sent with its length, a list piece by piece. */
  readonly body?: string | readonly string[] | 'by hand';
  readonly reads?: 'when told';
  /** What the webtask does; `note` keeps what it saw. */
  handle(req: IncomingMessage, res: ServerResponse, note: (fact: unknown) => void, caller: Caller): void;
}

/** What the two sides of a conversation saw. */
export interface Seen {
  /** What the handler noted, and the events of its request and response, in order. */
  readonly handler: readonly unknown[];
  readonly client: ClientView;
}

/** What a client got. */
export interface ClientView {
  readonly status?: number;
  readonly statusMessage?: string;
  /** Names as they were written. Those that belong to a connection are left out. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** `end` for a whole answer, `cut off` for a part of one, `no answer` without a head. */
  readonly outcome: 'end' | 'cut off' | 'no answer';
}

/**
 * Holds a conversation twice, with a real server and over the stand-in connection, and expects that neither side can
 * tell which it was.
 *
 * @returns what was seen, in both
 */
export async function overBoth(conversation: Conversation): Promise<Seen> {
  const { rawHeaders, ...real } = await overNode(conversation);
  const standIn = await overExchange(conversation, rawHeaders);
  expect(standIn).to.deep.equal(real);
  return real;
}

async function overNode(conversation: Conversation): Promise<Seen & { rawHeaders: readonly string[] }> {
  const { method = 'GET', url = '/', body } = conversation;
  const agent = new Agent({ keepAlive: true });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  const headers = ['Host', 'here.test', ...framing(body), ...(conversation.headers ?? [])];
  const call = request({ port, host: '127.0.0.1', method, path: url, headers, agent });

  const told = tellLater();
  const answer = new Promise<IncomingMessage | undefined>((resolve) => {
    call.once('response', resolve).on('error', () => resolve(undefined));
  });
  const caller: Caller = {
    send: (text) => void call.write(text),
    endBody: () => void call.end(),
    read: told.tell,
    leave: () => void call.destroy(),
  };
  const handled = new Promise<{ handler: readonly unknown[]; rawHeaders: readonly string[] }>((resolve) => {
    server.once('request', async (req, res) => {
      const rawHeaders = [...req.rawHeaders];
      resolve({ handler: await watch(conversation, req, res, caller), rawHeaders });
    });
  });
  if (typeof body !== 'object') body === 'by hand' ? call.flushHeaders() : call.end(body);
  else {
    for (const piece of body) call.write(piece);
    call.end();
  }

  const got = await answer;
  const client = await read(got && { ...headOf(got.statusCode, got.statusMessage, got.rawHeaders), body: got }, () =>
    conversation.reads ? told.promise : undefined,
  );
  const seen = await handled;
  agent.destroy();
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  return { handler: seen.handler, rawHeaders: seen.rawHeaders, client };
}

async function overExchange(conversation: Conversation, rawHeaders: readonly string[]): Promise<Seen> {
  const { method = 'GET', url = '/', body } = conversation;
  const stream = typeof body === 'object' || body === 'by hand' ? new PassThrough() : undefined;
  const exchange = openExchange({ method, url, rawHeaders, body: stream ?? (body as string | undefined) }); // else text
  const told = tellLater();
  const caller: Caller = {
    send: (text) => void stream?.write(text),
    endBody: () => void stream?.end(),
    read: told.tell,
    leave: () => {
      exchange.close();
      stream?.destroy();
    },
  };
  const handled = watch(conversation, exchange.req, exchange.res, caller);
  if (typeof body === 'object') {
    for (const piece of body) stream?.write(piece);
    stream?.end();
  }
  const got = await exchange.reply;
  const client = await read(got && { ...headOf(got.status, got.statusMessage, got.rawHeaders), body: got.body }, () =>
    conversation.reads ? told.promise : undefined,
  );
  return { handler: await handled, client };
}

/** Calls the handler, and waits until its response is closed. */
async function watch(
  { handle }: Conversation,
  req: IncomingMessage,
  res: ServerResponse,
  caller: Caller,
): Promise<readonly unknown[]> {
  const facts: unknown[] = [];
  const closed = new Promise((resolve) => res.once('close', resolve)); // once() would take an error for the end
  for (const event of ['aborted', 'end', 'close']) req.on(event, () => facts.push(`req ${event}`));
  for (const event of ['prefinish', 'finish', 'close']) res.on(event, () => facts.push(`res ${event}`));
  handle(req, res, (fact) => facts.push(fact), caller);
  await closed;
  // What follows of a close follows within a few turns.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  return facts;
}

async function read(
  answer: (Omit<ClientView, 'body' | 'outcome'> & { body: Readable }) | undefined,
  mayRead: () => Promise<void> | undefined,
): Promise<ClientView> {
  if (!answer) return { outcome: 'no answer' };
  const { body, ...head } = answer;
  const chunks: Buffer[] = [];
  let outcome: ClientView['outcome'] = 'end';
  body.once('error', () => undefined); // seen again by the loop below
  await mayRead();
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    outcome = 'cut off';
  }
  return { ...head, body: Buffer.concat(chunks).toString(), outcome };
}

function headOf(
  status = 0,
  statusMessage = '',
  rawHeaders: readonly string[] = [],
): Pick<Required<ClientView>, 'status' | 'statusMessage' | 'headers'> {
  const headers: (readonly [string, string])[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!/^(date|connection|keep-alive|transfer-encoding)$/i.test(name)) headers.push([name, rawHeaders[i + 1] ?? '']);
  }
  return { status, statusMessage, headers };
}

function framing(body: Conversation['body']): string[] {
  if (body === undefined) return [];
  if (typeof body === 'object' || body === 'by hand') return ['Transfer-Encoding', 'chunked'];
  return ['Content-Length', String(Buffer.byteLength(body))];
}

function tellLater(): { promise: Promise<void>; tell: () => void } {
  let tell = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { promise, tell };
}

/** What a call throws, as its code and message, or what it returns. */
export function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return said(error);
  }
}

/** An error's code and message. */
export function said(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException; // the errors of node:http
  return `${code}: ${message}`;
}
