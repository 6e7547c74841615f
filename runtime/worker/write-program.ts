/** `npm run compile`: puts the program of a worker beside what is published. */
import { writeFileSync } from 'node:fs';
import { bundleProgram } from './bundle-program.ts';

writeFileSync(new URL('../../dist/runtime/worker/worker.cjs', import.meta.url), await bundleProgram());
