import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A log stream as it arrives on its connection. */
export interface RawStream {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What has arrived, a piece for each write of the server. */
  readonly chunks: string[];
  /** Waits until a piece matches, and gives it. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves when the server has ended it: whether it said that this was all. */
  readonly ended: Promise<boolean>;
  readonly socket: Socket;
  close(): void;
}

/** Opens a log stream. */
export async function openRawStream(
  serverUrl: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawStream> {
  const { hostname, port, host } = new URL(serverUrl);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  let head: string | undefined;
  let rest = '';
  let isWhole = false;
  const chunks: string[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const one of waiting) one();
  };
  const opened = new Promise<void>((resolve) => {
    socket.setEncoding('latin1').on('data', (text) => {
      rest += text;
      const end = head === undefined ? rest.indexOf('\r\n\r\n') : -1;
      if (end !== -1) {
        head = rest.slice(0, end);
        rest = rest.slice(end + 4);
        resolve();
      }
      for (;;) {
        const size = /^([0-9a-f]+)\r\n/.exec(rest);
        const length = Number.parseInt(size?.[1] ?? '', 16);
        const start = size?.[0].length ?? 0;
        if (!size || rest.length < start + length + 2) break;
        if (length === 0) isWhole = true;
        else chunks.push(Buffer.from(rest.slice(start, start + length), 'latin1').toString('utf8'));
        rest = rest.slice(start + length + 2);
        if (length === 0) socket.end();
      }
      look();
    });
    socket.once('close', () => resolve());
  });
  const ended = new Promise<boolean>((resolve) => {
    socket.once('close', () => {
      resolve(isWhole);
      look();
    });
  });
  socket.on('error', () => undefined); // it closes, too
  await opened;
  const [first = '', ...fields] = (head ?? '').split('\r\n');
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(fields.map((it) => [it.replace(/:.*/, '').toLowerCase(), it.replace(/^[^:]*: */, '')])),
    chunks,
    ended,
    socket,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const one = (): void => {
          const found = chunks.find((it) => pattern.test(it));
          if (found === undefined && !socket.closed) return;
          waiting.delete(one);
          if (found === undefined) reject(new Error(`the stream ended without ${pattern}:\n${chunks.join('')}`));
          else resolve(found);
        };
        waiting.add(one);
        one();
      }),
    close: () => void socket.destroy(),
  };
}
