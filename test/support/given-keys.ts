import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeys } from '../../runtime/token/key-file.ts';

let text: string | undefined;

/**
 * Puts a key file into a data folder, as its first use would: an RSA key takes a third of a second to make. All folders
 * of a test process have the same.
 */
export async function giveKeys(dataFolder: string): Promise<void> {
  text ??= JSON.stringify({ keys: await generateKeys(Date.now()) });
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  writeFileSync(join(dataFolder, 'keys'), text, { mode: 0o600 });
}
