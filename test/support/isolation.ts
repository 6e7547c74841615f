import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerOptions } from '../../runtime/server/index.ts';
import { modulesFolder } from '../../runtime/server/run/modules-folder.ts';
import { GATEWAY } from '../../runtime/worker/network/policy.ts';

/** What webtasks run in, in the tests that start a server: `WEBTASK_TEST_ISOLATION`, `inline` by default. */
export function testIsolation(): NonNullable<ServerOptions['isolation']> {
  const name = process.env.WEBTASK_TEST_ISOLATION ?? 'inline';
  if (name === 'inline' || name === 'process' || name === 'sandbox') return name;
  throw new Error(`WEBTASK_TEST_ISOLATION is ${name}: it can be inline, process or sandbox`);
}

/** The URL of a server of this machine for webtasks: who is shut in has a loopback of its own. */
export function urlForWebtasks(url: string): string {
  return testIsolation() === 'sandbox' ? url.replace('//127.0.0.1:', `//${GATEWAY}:`) : url;
}

/** Skips a test, with a message, where there is nothing to shut workers in with. */
export function skipUnlessShutIn(test: Mocha.Context): void {
  if (spawnSync('bwrap', ['--version']).status === 0) return;
  console.log('      skipped: there is no bubblewrap here (apt-get install bubblewrap)');
  test.skip();
}

/** Skips a test, with a message, where workers cannot be shut in with a network. */
export function skipUnlessNetworked(test: Mocha.Context): void {
  if (['bwrap', 'slirp4netns', 'nft'].every((it) => spawnSync(it, ['--version']).status === 0)) return;
  console.log('      skipped: there is no sandbox here (apt-get install bubblewrap slirp4netns nftables)');
  test.skip();
}

/** Skips a test, with a message, where this process cannot become or start another user. */
export function skipUnlessRoot(test: Mocha.Context): void {
  if (process.getuid?.() === 0) return;
  console.log('      skipped: only root can run something as another user');
  test.skip();
}

/** Removes the data folder of a server, and the packages that it kept for workers that are users of their own. */
export function removeData(folder: string): void {
  if (process.platform === 'linux') rmSync(modulesFolder(folder, 'sandbox'), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/** The folder of the packages of this repository, for webtasks that are shut in and could not see them otherwise. */
export function testPackages(): string | undefined {
  if (testIsolation() !== 'sandbox') return undefined;
  packages ??= canOthersReach(INSTALLED) ? dirname(INSTALLED) : copyPackages();
  return packages;
}
let packages: string | undefined;

const INSTALLED = realpathSync(fileURLToPath(new URL('../../node_modules', import.meta.url)));

function canOthersReach(folder: string): boolean {
  return (statSync(folder).mode & 0o005) === 0o005 && (folder === '/' || canOthersPass(dirname(folder)));
}

function canOthersPass(folder: string): boolean {
  return (statSync(folder).mode & 0o001) === 0o001 && (folder === '/' || canOthersPass(dirname(folder)));
}

function copyPackages(): string {
  const folder = mkdtempSync(join(tmpdir(), 'webtask-packages-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  execFileSync('chmod', ['755', folder]);
  execFileSync('cp', ['-R', INSTALLED, join(folder, 'node_modules')]);
  return folder;
}
