import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** A debugger that is connected to a Node process. */
export interface Inspector {
  /** Sends a command and gives its result. */
  send(method: string, params?: object): Promise<Record<string, unknown>>;
  /** Waits for the next event of that name, those that came already included. */
  event(method: string): Promise<Record<string, unknown>>;
  close(): void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
}

/**
 * Connects to the inspector of a Node process, as an editor does.
 *
 * @param url - as Node prints it: `ws://127.0.0.1:9229/…`
 * @see RFC 6455; the Chrome DevTools protocol
 */
export async function connectInspector(url: string): Promise<Inspector> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  };
  const request = get(url.replace(/^ws:/, 'http:'), { headers, agent: false });
  const [, socket, first] = (await once(request, 'upgrade')) as [IncomingMessage, Socket, Buffer];
  socket.on('error', () => undefined); // the process may end first

  const answers = new Map<number, (result: Record<string, unknown>) => void>();
  const events: Message[] = [];
  const waiting = new Set<() => void>();
  const receive = ({ id, method, params, result }: Message): void => {
    if (id !== undefined) answers.get(id)?.(result ?? {});
    else if (method !== undefined) events.push({ method, params: params ?? {} });
    for (const look of waiting) look();
  };
  let unread = first;
  const read = (): void => {
    for (let frame = takeFrame(unread); frame; frame = takeFrame(unread)) {
      unread = frame.rest;
      if (frame.opcode === 1) receive(JSON.parse(frame.payload.toString()) as Message);
    }
  };
  socket.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    read();
  });
  read();

  let last = 0;
  return {
    send(method, params = {}) {
      const id = ++last;
      socket.write(maskedFrame(JSON.stringify({ id, method, params })));
      return new Promise((resolve) => answers.set(id, resolve));
    },
    event: (method) =>
      new Promise((resolve) => {
        const look = (): void => {
          const at = events.findIndex((it) => it.method === method);
          if (at === -1) return;
          waiting.delete(look);
          resolve(events.splice(at, 1)[0]?.params ?? {});
        };
        waiting.add(look);
        look();
      }),
    close: () => void socket.destroy(),
  };
}

/** Takes one whole frame of a server off the bytes; Node's inspector sends no fragments. */
function takeFrame(bytes: Buffer): { opcode: number; payload: Buffer; rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1);
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + length) return undefined;
  const payload = bytes.subarray(start, start + length);
  return { opcode: bytes.readUInt8(0) & 0x0f, payload, rest: bytes.subarray(start + length) };
}

/** A frame of a client: text of less than 64 KiB, masked with zeros. */
function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | 126, 1);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
