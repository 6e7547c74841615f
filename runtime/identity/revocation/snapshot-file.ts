import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from './snapshot.ts';

/** How much older than its reader a snapshot may seem to be, where the clock was set meanwhile: milliseconds. */
const CLOCK_SET_MS = 60_000;

/** Where the snapshot of a data folder is. */
export function snapshotFile(dataFolder: string): string {
  return join(dataFolder, 'revocation', 'snapshot');
}

/**
 * Reads the snapshot of a data folder, before there is anything else to do.
 *
 * @param now - milliseconds since the epoch
 * @param maxAgeMs - an older one is not used: logs are not kept for ever
 * @returns why there is none to use
 */
export function readSnapshot(dataFolder: string, now: number, maxAgeMs: number): Snapshot | string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(snapshotFile(dataFolder));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // of the file system
    return code === 'ENOENT' ? 'there is none' : message;
  }
  const snapshot = decodeSnapshot(bytes);
  if (typeof snapshot === 'string') return snapshot;
  const age = now - snapshot.asOf;
  if (age > maxAgeMs) return 'it is too old';
  return age < -CLOCK_SET_MS ? 'it is of the future' : snapshot;
}

/**
 * Writes a snapshot in place of the one before. It holds the key that fingerprints are made with, and so is closed to
 * everybody else.
 */
export async function writeSnapshot(dataFolder: string, snapshot: Snapshot): Promise<void> {
  const file = snapshotFile(dataFolder);
  const unfinished = `${file}.${randomUUID()}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(unfinished, 'wx', 0o600);
    try {
      await handle.writeFile(await encodeSnapshot(snapshot));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}
