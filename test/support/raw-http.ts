import { connect, type Socket } from 'node:net';

/** What came back on a connection. */
export interface RawAnswer {
  readonly status: number;
  /** By their names in lower case, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Opens a connection, sends bytes as they are, and gives what came back until it was closed. */
export function exchange(url: string, ...parts: string[]): Promise<string> {
  return converse(url, parts).closed;
}

/** A connection that is not answered yet. */
export interface Conversation {
  readonly socket: Socket;
  /** Everything that came back, when the connection is closed. */
  readonly closed: Promise<string>;
  /** Waits until what came back contains a text, and gives all of it. */
  received(text: string): Promise<string>;
}

/** Opens a connection, sends bytes as they are, and goes on with it. */
export function converse(url: string, parts: readonly string[]): Conversation {
  let text = '';
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  for (const part of parts) socket.write(part, 'latin1');
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  const closed = new Promise<string>((resolve) => {
    socket.on('error', () => undefined).once('close', () => resolve(text));
  });
  const received = (wanted: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (text.includes(wanted)) resolve(text);
      };
      socket.on('data', look).once('close', () => reject(new Error(`closed after: ${text}`)));
      look();
    });
  return { socket, closed, received };
}

/** Reads the first answer of what came back. */
export function readAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) };
}

/** The error of the platform in an answer: status, its words, and whether the connection goes on. */
export function readError(text: string): { status: number; message: unknown; closes: boolean } {
  const { status, headers, body } = readAnswer(text);
  const { message } = JSON.parse(body) as { message: unknown };
  return { status, message, closes: headers.some(([name, value]) => name === 'connection' && value === 'close') };
}
