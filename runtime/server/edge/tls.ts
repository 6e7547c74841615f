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
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads the certificate of a server and its key, and sees that one belongs to the other.
 *
 * @throws TLS_FILE_UNREADABLE, TLS_PAIR_INVALID
 */
export async function readTlsPair(files: TlsFiles): Promise<TlsPair> {
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
