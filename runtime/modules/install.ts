import type { ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../errors.ts';
import type { ModuleSpec } from './module-spec.ts';
import { type NpmResult, runNpm } from './npm.ts';
import type { NpmSettings } from './npm-settings.ts';
import { openRegistryGate } from './registry-gate.ts';

/** What packages are installed with. */
export interface InstallOptions {
  /** The cache folder, which also holds npm's own cache. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where npm may go. */
  readonly settings: NpmSettings;
  readonly onStart: (child: ChildProcess) => void;
}

/** What the name of a folder begins with whose installation is under way. */
export const NEW_PREFIX = '.new-';

/** Mirrors may name it as where packages are; npm asks them nevertheless. */
const NPMJS = 'https://registry.npmjs.org';

/** How npm names a repository. */
const REPOSITORY = /(?:git\+\w+|git|ssh|github|gitlab|bitbucket|gist):[^\s"']+/;

/** What npm ends with where it was to read a file, or what is none. */
const OF_FILES = /^(?:E(?:ALLOWFILE|ALLOWDIRECTORY|NOENT|ISDIR|NOTDIR|ACCES|PERM|LOOP|NAMETOOLONG)$|TAR_|Z_)/;

/** Not which one: who publishes a package would ask a server in this way what it has. */
const FILE = 'a file or folder';

/** No program, wherever npm looks for it. */
const NO_GIT = 'no-git';

/** Versions that no longer load, and what loads in their place: graceful-fs patched Node's insides until 4.2. */
const OVERRIDES = { 'graceful-fs@<4.2.4': '4.2.11' };

/**
 * Installs packages into a folder of their own: whole, or not at all.
 *
 * No script of a package is run, and nothing is kept whose bytes npm has not compared with the registry's hash of them.
 *
 * @param target - absolute path of a folder that is not there yet; two that make it at once are one
 * @throws MODULE_UNKNOWN, MODULE_FOREIGN, MODULE_DAMAGED, MODULE_UNAVAILABLE
 */
export async function install(specs: readonly ModuleSpec[], target: string, options: InstallOptions): Promise<void> {
  const { cache, env, settings, onStart } = options;
  const folder = await mkdtemp(join(cache, NEW_PREFIX));
  try {
    const overrides = specs.some(({ name }) => name === 'graceful-fs') ? {} : OVERRIDES;
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, overrides }));
    const gate = await openRegistryGate(settings);
    const args = [...npmArguments(cache, folder, gate.url), ...specs.map(toText)];
    const result = await runNpm(args, folder, withoutProxies(env), onStart).finally(gate.close);
    if (result.status !== 0) {
      const { refused, unreachable } = gate;
      const reason = unreachable[0] ?? result.reason;
      refuse(specs, { ...result, reason }, refused[0] ?? foreignIn(result, cache));
    }
    await checkTree(specs, folder, settings);
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

function npmArguments(cache: string, folder: string, proxy: string): string[] {
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
    `--proxy=${proxy}`,
    `--https-proxy=${proxy}`,
    '--noproxy=',
    // Only packages of a registry. Versions of npm that do not know these have no git, and are found out afterwards.
    '--allow-git=none',
    '--allow-file=none',
    '--allow-directory=none',
    `--git=${join(folder, NO_GIT)}`,
    `--cache=${join(cache, '.npm')}`,
    `--prefix=${folder}`,
    '--',
  ];
}

/** Those that npm would take before what it is told. */
function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(?:npm_config_)?(?:(?:https?[_-])?proxy|no_?proxy)$/i.test(name)),
  );
}

/** What came from elsewhere than a registry is refused; and what came with no hash was never compared with anything. */
async function checkTree(specs: readonly ModuleSpec[], folder: string, { registries }: NpmSettings): Promise<void> {
  const file = join(folder, 'node_modules', '.package-lock.json');
  const { packages } = JSON.parse(await readFile(file, 'utf8')) as {
    packages: Record<string, { resolved?: string; integrity?: string; inBundle?: boolean }>;
  }; // as npm has written it since 7
  for (const [path, { resolved, integrity, inBundle }] of Object.entries(packages)) {
    if (inBundle === true) continue;
    if (resolved?.startsWith('file:') || !path.startsWith('node_modules/')) {
      fail('MODULE_FOREIGN', { ...nameOf(specs), dependency: FILE });
    }
    const origin = resolved !== undefined && URL.canParse(resolved) ? new URL(resolved).origin : NPMJS;
    if (origin !== NPMJS && !registries.has(origin)) {
      fail('MODULE_FOREIGN', { ...nameOf(specs), dependency: String(resolved) });
    }
    if (integrity === undefined) fail('MODULE_DAMAGED', { ...nameOf(specs), reason: `${path} came without a hash` });
  }
}

/** What npm was to take from elsewhere than a registry, where it ended for that. */
function foreignIn({ code = '', errors }: NpmResult, cache: string): string | undefined {
  const repository = REPOSITORY.exec(errors)?.[0];
  if (repository !== undefined) return repository;
  if (errors.includes(NO_GIT)) return 'a git repository';
  const isOwn = errors.includes(` path ${cache}`);
  return OF_FILES.test(code) && !isOwn ? FILE : undefined;
}

function refuse(specs: readonly ModuleSpec[], { code, reason }: NpmResult, dependency: string | undefined): never {
  const module = nameOf(specs);
  if (dependency !== undefined) fail('MODULE_FOREIGN', { ...module, dependency });
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
