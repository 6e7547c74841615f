import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks for a passphrase twice, without showing it. Nothing where there is no terminal, or the two differ. */
export async function askPassphrase(): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    process.stderr.write('passphrase: ');
    const first = await terminal.question('');
    process.stderr.write('\npassphrase again: ');
    const second = await terminal.question('');
    process.stderr.write('\n');
    return first === second ? first : undefined;
  } finally {
    terminal.close();
  }
}
