/**
 * `npm run test:clients`: installs the original clients into this folder, where they are not yet, and runs their tests.
 *
 * Where they cannot be installed, the tests are skipped with a message; in CI that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('./', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

const { dependencies } = readPackage(`${FOLDER}package.json`);
if (!isInstalled() && !install()) {
  console.error('The original clients are not installed and could not be: these tests were skipped.');
  process.exit(process.env.CI === undefined ? 0 : 1);
}
const mocha = spawnSync(
  process.execPath,
  ['node_modules/mocha/bin/mocha.js', 'test/clients/*.test.ts', ...process.argv.slice(2)],
  { cwd: REPOSITORY, stdio: 'inherit' },
);
process.exit(mocha.status ?? 1);

function isInstalled(): boolean {
  try {
    return Object.entries(dependencies).every(
      ([name, version]) => readPackage(`${FOLDER}node_modules/${name}/package.json`).version === version,
    );
  } catch {
    return false;
  }
}

/** Without install scripts: the clients need none. */
function install(): boolean {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return spawnSync('npm', args, { cwd: FOLDER, stdio: 'inherit', shell: process.platform === 'win32' }).status === 0;
}

function readPackage(file: string): { version?: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof readPackage>; // npm wrote it
}
