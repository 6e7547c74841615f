import type { ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../errors.ts';
import type { ModuleSpec } from './module-spec.ts';
import { type NpmResult, runNpm } from './npm.ts';

/** What packages are installed with. */
export interface InstallOptions {
  /** The cache folder, which also holds npm's own cache. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onStart: (child: ChildProcess) => void;
}

/** What the name of a folder begins with whose installation is under way. */
export const NEW_PREFIX = '.new-';

/** Versions that no longer load, and what loads in their place: graceful-fs patched Node's insides until 4.2. */
const OVERRIDES = { 'graceful-fs@<4.2.4': '4.2.11' };

/**
 * Installs packages into a folder of their own: whole, or not at all.
 *
 * No script of a package is run, and nothing is kept whose bytes npm has not compared with the registry's hash of them.
 *
 * @param target - absolute path of a folder that is not there yet; two that make it at once are one
 * @throws MODULE_UNKNOWN, MODULE_DAMAGED, MODULE_UNAVAILABLE
 */
export async function install(specs: readonly ModuleSpec[], target: string, options: InstallOptions): Promise<void> {
  const { cache, env, onStart } = options;
  const folder = await mkdtemp(join(cache, NEW_PREFIX));
  try {
    const overrides = specs.some(({ name }) => name === 'graceful-fs') ? {} : OVERRIDES;
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, overrides }));
    const result = await runNpm([...npmArguments(cache, folder), ...specs.map(toText)], folder, env, onStart);
    if (result.status !== 0) refuse(specs, result);
    await checkIntegrity(specs, folder);
    await mkdir(dirname(target), { recursive: true });
    await letRead(folder, target, cache);
    await rename(folder, target).catch(async (error: NodeJS.ErrnoException) => {
      // Another process was first.
      if (!['EEXIST', 'ENOTEMPTY', 'EPERM'].includes(error.code ?? '')) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Workers that are users of their own read packages, whatever the umask is. */
async function letRead(folder: string, target: string, cache: string): Promise<void> {
  await chmod(folder, 0o755);
  for (let parent = dirname(target); parent !== cache; parent = dirname(parent)) await chmod(parent, 0o755);
}

function npmArguments(cache: string, folder: string): string[] {
  return [
    'install',
    '--ignore-scripts',
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--no-bin-links',
    '--no-update-notifier',
    '--omit=dev',
    '--prefer-offline',
    '--loglevel=error',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=500',
    '--fetch-retry-maxtimeout=2000',
    '--fetch-timeout=30000',
    `--cache=${join(cache, '.npm')}`,
    `--prefix=${folder}`,
    '--',
  ];
}

/** What came with no hash, such as a dependency on a git repository, was never compared with anything. */
async function checkIntegrity(specs: readonly ModuleSpec[], folder: string): Promise<void> {
  const file = join(folder, 'node_modules', '.package-lock.json');
  const { packages } = JSON.parse(await readFile(file, 'utf8')) as {
    packages: Record<string, { integrity?: string; inBundle?: boolean }>;
  }; // as npm has written it since 7
  for (const [path, { integrity, inBundle }] of Object.entries(packages)) {
    if (integrity === undefined && inBundle !== true) {
      fail('MODULE_DAMAGED', { ...nameOf(specs), reason: `${path} came without a hash` });
    }
  }
}

function refuse(specs: readonly ModuleSpec[], { code, reason }: NpmResult): never {
  const module = nameOf(specs);
  if (code === 'E404' || code === 'ETARGET') fail('MODULE_UNKNOWN', module);
  if (code === 'EINTEGRITY') fail('MODULE_DAMAGED', { ...module, reason: 'its bytes have another hash' });
  fail('MODULE_UNAVAILABLE', { ...module, reason: reason.replace(/\s*\.$/, '') });
}

function nameOf(specs: readonly ModuleSpec[]): { module: string } {
  return { module: specs.map(toText).join(', ') };
}

/** `name@version` */
export function toText({ name, version }: ModuleSpec): string {
  return `${name}@${version}`;
}
