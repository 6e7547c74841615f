/**
 * `mocha --require ./test/support/compile.ts`: compiles the kit once, so that tests start its programs as people have
 * them. From source each start would translate every file again, which is most of what such a test does.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FROM_SOURCE } from './program.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

process.env.WEBTASK_TEST_PROGRAMS = 'compiled';

/** Runs in mocha's own process only, before its workers begin. As `npm run compile`, without looking at types, which is for `npm run types`. */
export function mochaGlobalSetup(): void {
  const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: REPOSITORY, stdio: 'inherit' });
  node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck');
  node(...FROM_SOURCE, 'publish/write.ts');
}
