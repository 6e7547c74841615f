import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How the process of a worker is started. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it finds to read at descriptor 4. */
  readonly input?: Buffer | undefined;
}

/** A worker as a process of its own, with no more around it: mistakes of a webtask stay in it, attacks do not. */
export function launchProcess(): Launch {
  return { command: process.execPath, args: [...NODE_ARGS, PROGRAM], env: {} };
}

const HERE = fileURLToPath(import.meta.url);
const PROGRAM = fileURLToPath(new URL(`./main.worker${extname(HERE)}`, import.meta.url));
const NODE_ARGS =
  extname(HERE) === '.ts'
    ? ['--conditions=webtask-kit-source', '--import', new URL('../compile/register.js', import.meta.url).href]
    : [];
