import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs the tests of a folder that has a package.json of its own, and ends this process: installs what it names, where that
 * is not yet there. Where it cannot be installed, the tests are skipped with a message; in CI that is a failure.
 *
 * @param name - of the folder, in `test`
 * @param what - is installed, in a few words
 */
export function testInstalled(name: string, what: string): never {
  const folder = `${REPOSITORY}test/${name}/`;
  if (!isInstalled(folder) && !install(folder)) {
    console.error(`${what} not installed and could not be: these tests were skipped.`);
    process.exit(process.env.CI === undefined ? 0 : 1);
  }
  const mocha = spawnSync(
    process.execPath,
    ['node_modules/mocha/bin/mocha.js', `test/${name}/*.test.ts`, ...process.argv.slice(2)],
    { cwd: REPOSITORY, stdio: 'inherit' },
  );
  process.exit(mocha.status ?? 1);
}

function isInstalled(folder: string): boolean {
  try {
    return Object.entries(readPackage(`${folder}package.json`).dependencies).every(
      ([name, version]) => readPackage(`${folder}node_modules/${name}/package.json`).version === version,
    );
  } catch {
    return false;
  }
}

/** Without install scripts: nothing that is tested here needs them. */
function install(folder: string): boolean {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return spawnSync('npm', args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' }).status === 0;
}

function readPackage(file: string): { version?: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof readPackage>; // npm wrote it
}
