import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

const MAX_ID = 1 << 16;
/** TC, in the third byte (RFC 1035 section 4.1.1). */
const TRUNCATED = 0x02;
const DNS_PORT = 53;

/**
 * Asks the resolvers of this machine one after the other, over UDP, and over TCP where the answer is too long for it.
 *
 * @param resolvers - as `dns.getServers()` lists them
 * @param query - a message of DNS; its id is replaced by one that cannot be guessed
 * @param timeoutMs - milliseconds that each has
 * @returns what the first one answered
 * @throws Error - where none did
 * @see RFC 5452 (answers that are somebody else's), RFC 7766 (TCP)
 */
export async function askResolvers(resolvers: readonly string[], query: Buffer, timeoutMs: number): Promise<Buffer> {
  let reason: unknown = new Error('no resolver is known');
  for (const resolver of resolvers) {
    try {
      const answer = await exchange(overUdp, resolver, query, timeoutMs);
      return isTruncated(answer) ? await exchange(overTcp, resolver, query, timeoutMs) : answer;
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}

type Transport = (
  host: string,
  port: number,
  query: Buffer,
  onMessage: (message: Buffer) => void,
  onError: (error: Error) => void,
) => () => void;

function exchange(transport: Transport, resolver: string, query: Buffer, timeoutMs: number): Promise<Buffer> {
  const { host, port } = parseResolver(resolver);
  const message = Buffer.from(query);
  message.writeUInt16BE(randomInt(MAX_ID), 0);
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      close();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`${resolver} did not answer`))), timeoutMs);
    const close = transport(
      host,
      port,
      message,
      (answer) => isAnswerTo(message, answer) && end(() => resolve(answer)),
      (error) => end(() => reject(error)),
    );
  });
}

const overUdp: Transport = (host, port, query, onMessage, onError) => {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  socket.on('message', onMessage).on('error', onError);
  // Of a connected socket the kernel takes nothing that others sent.
  socket.connect(port, host, () => socket.send(query));
  return () => socket.close();
};

const overTcp: Transport = (host, port, query, onMessage, onError) => {
  const socket = connect(port, host);
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]); // 64 KiB at most, by its length
    const length = received.length < 2 ? Number.POSITIVE_INFINITY : received.readUInt16BE(0);
    if (received.length >= length + 2) onMessage(received.subarray(2, length + 2));
  });
  socket.on('error', onError).on('close', () => onError(new Error(`${host} closed the connection`)));
  const head = Buffer.alloc(2);
  head.writeUInt16BE(query.length, 0);
  socket.write(Buffer.concat([head, query]));
  return () => socket.destroy();
};

function parseResolver(resolver: string): { host: string; port: number } {
  const [, inBrackets, plain = resolver, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(resolver) ?? [];
  return { host: inBrackets ?? plain, port: Number(port ?? DNS_PORT) };
}

/** The same id, and the same question, which is all of the query up to what may follow it. */
function isAnswerTo(query: Buffer, answer: Buffer): boolean {
  if (answer.length < 12 || answer.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  if (((answer[2] ?? 0) & 0x80) === 0 || answer.readUInt16BE(4) !== 1) return false;
  const question = (message: Buffer): string => message.toString('latin1', 12, questionEnd(query)).toLowerCase();
  return question(query) === question(answer);
}

function questionEnd(query: Buffer): number {
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) at += 1 + length;
  return at + 5; // the end of the name, type and class
}

function isTruncated(answer: Buffer): boolean {
  return ((answer[2] ?? 0) & TRUNCATED) !== 0;
}
