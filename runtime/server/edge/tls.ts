import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { fail } from '../../errors.ts';

/** A certificate with those that issued it, and its private key, in PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** Paths of PEM files. */
export interface TlsFiles {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Reads the certificate of a server and its key, and sees that one belongs to the other.
 *
 * @returns `undefined` where there are no files
 * @throws TLS_HALF, TLS_FILE_UNREADABLE, TLS_PAIR_INVALID
 */
export async function readTlsPair(files: TlsFiles): Promise<TlsPair | undefined> {
  if (!files.cert && !files.key) return undefined;
  if (!files.cert || !files.key) return fail('TLS_HALF');
  const [cert, key] = await Promise.all([readPem(files.cert), readPem(files.key)]);
  try {
    createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    fail('TLS_PAIR_INVALID', { cert: files.cert, key: files.key, reason }, { cause });
  }
  return { cert, key };
}

function readPem(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'it is not there' : cause.message;
    return fail('TLS_FILE_UNREADABLE', { file, reason }, { cause });
  });
}
