import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publicFolder } from '../public-folder.ts';

const IS_SOURCE = extname(fileURLToPath(import.meta.url)) === '.ts';
/** As `npm run compile` writes it. */
const PUBLISHED = fileURLToPath(new URL('./worker.cjs', import.meta.url));

/**
 * Finds the one file that workers run. From source it is made first, which takes 0.1 s.
 *
 * @param isForOthers - whether other users have to be able to read it
 * @returns its absolute path
 */
export async function findProgram(isForOthers = false): Promise<string> {
  if (!IS_SOURCE && !isForOthers) return PUBLISHED;
  making ??= readProgram().then(place);
  making.catch(() => {
    making = undefined; // what is missing may be there the next time
  });
  return making;
}
let making: Promise<string> | undefined;

async function readProgram(): Promise<Uint8Array> {
  if (!IS_SOURCE) return readFileSync(PUBLISHED); // in this turn, which its server waits for
  return (await import('./bundle-program.ts')).bundleProgram();
}

/** Under its hash, and whole or not at all: several processes may do so at once. */
async function place(program: Uint8Array): Promise<string> {
  const folder = publicFolder();
  const name = `worker-${createHash('sha256').update(program).digest('hex').slice(0, 32)}.cjs`;
  const file = join(folder, name);
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755); // whatever the umask is
  const unfinished = join(folder, `.${name}.${randomUUID()}`);
  await writeFile(unfinished, program, { flag: 'wx' });
  await chmod(unfinished, 0o644);
  await rename(unfinished, file);
  return file;
}
