import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';

/** A DNS server on loopback that knows TXT records only. */
export interface TestDns {
  readonly resolver: Resolver;
  close(): Promise<void>;
}

const TYPE_TXT = 16;
const HEADER_BYTES = 12;

/**
 * Starts a DNS server.
 *
 * @param records - names to their TXT record, in pieces
 * @see RFC 1035 section 4
 */
export async function startDns(records: Readonly<Record<string, readonly string[]>>): Promise<TestDns> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { address, port }) => {
    const { name, end } = readName(query);
    const pieces = records[name] ?? [];
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    header.writeUInt16BE(pieces.length > 0 ? 0x8400 : 0x8403, 2); // an answer, or that there is no such name
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(pieces.length > 0 ? 1 : 0, 6);
    const data = Buffer.concat(pieces.map((piece) => Buffer.from([piece.length, ...Buffer.from(piece)])));
    const answer = Buffer.from([
      0xc0,
      HEADER_BYTES,
      0,
      TYPE_TXT,
      0,
      1,
      0,
      0,
      0,
      0,
      data.length >> 8,
      data.length & 255,
    ]);
    const question = query.subarray(HEADER_BYTES, end + 4);
    socket.send(Buffer.concat([header, question, ...(pieces.length > 0 ? [answer, data] : [])]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return { resolver, close: () => new Promise((resolve) => socket.close(() => resolve())) };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}
