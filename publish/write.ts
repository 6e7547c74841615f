/** `npm run compile`: writes what is published into `dist/`, where nothing of before is left. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from '../runtime/worker/bundle-program.ts';
import { bundlePrograms } from './programs.ts';

const FOLDER = fileURLToPath(new URL('../dist/', import.meta.url));

/** Those of TypeScript. */
const TYPES = 'types';

const [worker, programs] = await Promise.all([bundleProgram(), bundlePrograms(FOLDER)]);
writeFileSync(`${FOLDER}worker.cjs`, worker);

// Only now: programs of before may be running, and go on.
const written = new Set([...programs, 'worker.cjs', TYPES]);
for (const name of readdirSync(FOLDER)) if (!written.has(name)) rmSync(`${FOLDER}${name}`, { recursive: true });
