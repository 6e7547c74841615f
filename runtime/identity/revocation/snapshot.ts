import { createHash, hash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Denylist } from './denylist.ts';
import type { Words } from './fingerprint.ts';
import type { TableParts } from './table.ts';

/** What a process knew, for the next one to go on with. */
export interface Snapshot {
  /** The store that it is of: positions mean nothing in another one. */
  readonly store: string;
  /** Those of whom everything was known. */
  readonly tenants: readonly string[];
  /** Until when, in milliseconds since the epoch. */
  readonly asOf: number;
  /** How far the log of each process was read. */
  readonly positions: readonly (readonly [string, number])[];
  readonly ends: ReturnType<Denylist['ends']>;
  readonly parts: TableParts;
}

/** What is before the segments, as JSON. */
interface Header extends Omit<Snapshot, 'parts'> {
  /** Words are in the order of bytes of the machine. */
  readonly order: string;
  readonly key: Words;
  /** The words of each segment. */
  readonly lengths: readonly number[];
}

/** The last figure grows with every change of the format: another one is not read. */
const MAGIC = 'webtask-kit revocation 1\n';
const HASH_BYTES = 32;
const CHUNK = 1024 * 1024;

/**
 * Writes down what a process knows: the table as it lies in memory, with the key of its fingerprints, and SHA-256 of
 * everything before it. The table is copied at once; the rest gives way to other work.
 */
export async function encodeSnapshot({ parts, ...rest }: Snapshot): Promise<Buffer> {
  const { key, segments } = parts;
  const lengths = segments.map(({ length }) => length);
  const header = Buffer.from(JSON.stringify({ ...rest, order: byteOrder(), key, lengths } satisfies Header));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(header.length);
  const bytes = segments.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  const content = Buffer.concat([Buffer.from(MAGIC), size, header, ...bytes]);
  const sum = createHash('sha256');
  for (let at = 0; at < content.length; at += CHUNK) {
    sum.update(content.subarray(at, at + CHUNK));
    await turn();
  }
  return Buffer.concat([content, sum.digest()]);
}

/**
 * Reads a snapshot.
 *
 * @returns why it is none, where it is damaged, or of another kind
 */
export function decodeSnapshot(bytes: Buffer): Snapshot | string {
  const start = MAGIC.length + 4;
  if (bytes.length < start + HASH_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    return 'it has another format';
  }
  const content = bytes.subarray(0, -HASH_BYTES);
  if (!hash('sha256', content, 'buffer').equals(bytes.subarray(-HASH_BYTES))) return 'it is damaged';
  let at = start + bytes.readUInt32LE(MAGIC.length);
  const header = JSON.parse(content.toString('utf8', start, at)) as Header; // as it was written: its hash is right
  const { order, key, lengths, ...rest } = header;
  if (order !== byteOrder()) return 'it is of another kind of machine';
  const segments = lengths.map((length) => {
    const segment = new Uint32Array(length);
    content.copy(Buffer.from(segment.buffer), 0, at, at + segment.byteLength);
    at += segment.byteLength;
    return segment;
  });
  return { ...rest, parts: { key, segments } };
}

function byteOrder(): string {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big';
}
