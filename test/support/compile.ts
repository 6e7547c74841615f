/**
 * `mocha --require ./test/support/compile.ts`: compiles the kit once, so that tests start its programs as people have
 * them. From source each start would translate every file again, which is most of what such a test does.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FROM_SOURCE } from './program.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

process.env.WEBTASK_TEST_PROGRAMS = 'compiled';

/** As `npm run compile`, but for the types. Runs in mocha's own process only, before its workers begin. */
export function mochaGlobalSetup(): void {
  execFileSync(process.execPath, [...FROM_SOURCE, 'publish/write.ts'], { cwd: REPOSITORY, stdio: 'inherit' });
}
