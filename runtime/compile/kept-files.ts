/** Files that programs keep for the next time they run: what they take from them, they execute. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** SHA-256 in hexadecimal, and the end of the line. */
const HEAD_BYTES = 65;

/**
 * Reads what was kept. It is taken only from a folder that no other user can write to; without one, and where anything
 * is wrong with what is there, all is as if there were nothing.
 *
 * @param folder - absolute path
 */
export function readKept(folder: string, name: string): Buffer | undefined {
  try {
    if (!isOurs(folder)) return undefined;
    // The first line is the hash of the rest: a machine that lost its power may have kept half of a file, or none.
    const bytes = readOurs(join(folder, name));
    const kept = bytes.subarray(HEAD_BYTES);
    return bytes.toString('latin1', 0, HEAD_BYTES) === `${hash(kept)}\n` ? kept : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps something, whole or not at all, and drops the oldest where there is much. Where it cannot be kept it is not,
 * and is made again the next time.
 *
 * @param folder - absolute path; made with mode 0700 where it is missing
 */
export function keep(folder: string, name: string, bytes: Uint8Array, maxKept: number): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(folder)) return;
    const file = join(folder, name);
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, Buffer.concat([Buffer.from(`${hash(bytes)}\n`), bytes]), { mode: 0o600 });
    renameSync(unfinished, file);
    dropOldest(folder, maxKept);
  } catch {
    // As said.
  }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether a folder, and no link to one, is this user's, and others can write nothing into it. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder);
  return found.isDirectory() && isClosed(found);
}

/** The file that is read is looked at itself: meanwhile, another folder may have the name of the first. */
function readOurs(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    return isClosed(fstatSync(descriptor)) ? readFileSync(descriptor) : Buffer.alloc(0);
  } finally {
    closeSync(descriptor);
  }
}

function isClosed({ uid, mode }: Stats): boolean {
  if (process.getuid === undefined) return true; // Windows keeps profiles apart, and has no modes
  return uid === process.getuid() && (mode & 0o022) === 0;
}

function dropOldest(folder: string, maxKept: number): void {
  const names = readdirSync(folder);
  if (names.length <= maxKept) return;
  const aged = names.map((name) => ({
    name,
    at: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  }));
  const oldest = aged.sort((a, b) => a.at - b.at).slice(0, names.length - maxKept / 2);
  for (const { name } of oldest) rmSync(join(folder, name), { force: true });
}
