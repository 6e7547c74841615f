import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Ask, answerQuery } from './answer-query.ts';
import type { NetworkPolicy } from './policy.ts';

/** Who answers one worker for names. */
export interface NameServer {
  /** The port of 127.0.0.1 that it listens on, UDP and TCP. */
  readonly port: number;
  close(): void;
}

/** Questions of one worker that are being answered; further ones fail. */
const MAX_QUESTIONS = 64;
const MAX_CONNECTIONS = 8;
const MAX_QUESTIONS_PER_CONNECTION = 16;
const MAX_QUERY_BYTES = 512;
const IDLE_MS = 10_000;
const LOOPBACK = '127.0.0.1';
/** A port that is free for TCP may not be for UDP. */
const TRIES = 10;

/**
 * Answers the questions of one worker for names, on a port of its own: what it asks takes nothing from others.
 *
 * @see RFC 1035, RFC 7766
 */
export async function serveNames(policy: Exclude<NetworkPolicy, 'none'>, ask: Ask): Promise<NameServer> {
  let open = 0;
  const answer = async (query: Buffer, overUdp: boolean): Promise<Buffer | undefined> => {
    if (query.length > MAX_QUERY_BYTES) return undefined;
    open += 1;
    const isTooMany = open > MAX_QUESTIONS;
    try {
      return await answerQuery(query, policy, overUdp, isTooMany ? tooMany : ask);
    } finally {
      open -= 1;
    }
  };
  const { tcp, udp, port } = await listen();
  udp.on('message', async (query, from) => {
    const message = await answer(query, true);
    if (message && !isClosed) udp.send(message, from.port, from.address);
  });
  udp.on('error', () => undefined); // who asked has gone
  const connections = new Set<Socket>();
  tcp.maxConnections = MAX_CONNECTIONS;
  tcp.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.setTimeout(IDLE_MS, () => socket.destroy()).on('error', () => undefined);
    const end = (): void => void socket.destroy();
    answerAll(socket, (query) => answer(query, false)).then(end, end);
  });
  let isClosed = false;
  return {
    port,
    close() {
      if (isClosed) return; // a network may end before its worker
      isClosed = true;
      udp.close();
      tcp.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

/** Answers the messages of a connection, each after the one before. */
async function answerAll(socket: Socket, answer: (query: Buffer) => Promise<Buffer | undefined>): Promise<void> {
  let received = Buffer.alloc(0);
  let left = MAX_QUESTIONS_PER_CONNECTION;
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]); // no encoding is set
    for (let message = firstMessage(received); message; message = firstMessage(received)) {
      received = received.subarray(message.length + 2);
      const bytes = left > 0 ? await answer(message) : undefined;
      if (bytes === undefined) return;
      left -= 1;
      const head = Buffer.alloc(2);
      head.writeUInt16BE(bytes.length, 0);
      await new Promise((resolve) => socket.write(Buffer.concat([head, bytes]), resolve));
    }
    if (received.length > MAX_QUERY_BYTES) return;
  }
}

function firstMessage(received: Buffer): Buffer | undefined {
  const end = received.length < 2 ? Number.POSITIVE_INFINITY : received.readUInt16BE(0) + 2;
  return received.length < end ? undefined : received.subarray(2, end);
}

async function tooMany(): Promise<Buffer> {
  throw new Error('too many questions at once');
}

async function listen(): Promise<{ tcp: Server; udp: UdpSocket; port: number }> {
  for (let left = TRIES; ; left -= 1) {
    const tcp = createServer().unref().listen(0, LOOPBACK);
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo; // of a listening TCP server
    const udp = createSocket('udp4').unref();
    try {
      udp.bind(port, LOOPBACK);
      await once(udp, 'listening');
      return { tcp, udp, port };
    } catch (error) {
      tcp.close();
      if (left <= 1) throw error;
    }
  }
}
