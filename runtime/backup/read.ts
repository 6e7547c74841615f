import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { fail, WebtaskError } from '../errors.ts';
import type { Line } from './format.ts';

/** A backup that was read to its end, and found whole. */
export interface CheckedBackup {
  /** Of the format of backups. */
  readonly version: number;
  /** Of the format of the store. */
  readonly format: number;
  readonly madeAt: string;
  readonly keys: string | undefined;
  readonly items: number;
  readonly sha256: string;
}

/** Gives the lines of a backup, each with its text. */
export async function* readLines(file: string): AsyncGenerator<{ line: Line; text: string }> {
  const source = createReadStream(file);
  const unpacked = createGunzip();
  source.once('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  // What goes wrong ends the lines without a word.
  let failure: Error | undefined;
  unpacked.once('error', (error) => {
    failure = error;
  });
  for await (const text of createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY })) {
    yield { line: JSON.parse(text) as Line, text }; // whose parts are checked by who reads them
  }
  if (failure) throw failure;
}

/**
 * Reads a backup to its end, and checks that every byte is as it was written.
 *
 * @throws BACKUP_UNREADABLE
 */
export async function checkBackup(file: string): Promise<CheckedBackup> {
  const unreadable = (reason: string, cause?: unknown): never => fail('BACKUP_UNREADABLE', { file, reason }, { cause });
  const sha256 = createHash('sha256');
  let head: Extract<Line, { backup: number }> | undefined;
  let keys: string | undefined;
  let items = 0;
  try {
    for await (const { line, text } of readLines(file)) {
      if (head === undefined) {
        const isHead = 'backup' in line && Number.isInteger(line.backup) && Number.isInteger(line.format);
        if (!isHead) return unreadable('it is no backup of webtask-kit');
        head = line;
      } else if ('end' in line) {
        const digest = sha256.digest('hex');
        if (line.end !== items || line.sha256 !== digest) return unreadable('its checksum is not that of its content');
        return { version: head.backup, format: head.format, madeAt: head.madeAt, keys, items, sha256: digest };
      } else if ('keys' in line) keys = line.keys;
      else items += 1;
      sha256.update(`${text}\n`);
    }
  } catch (error) {
    if (error instanceof WebtaskError) throw error;
    return unreadable(error instanceof SyntaxError ? 'it is damaged' : (error as Error).message, error);
  }
  return unreadable('its end is missing');
}
