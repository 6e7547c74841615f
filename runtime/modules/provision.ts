import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { isPlatformModule } from '../compile/index.ts';
import { fail } from '../errors.ts';
import { install, NEW_PREFIX, toText } from './install.ts';
import { createInstallQueue } from './install-queue.ts';
import { checkModule, isPackageName, type ModuleSpec } from './module-spec.ts';
import { findNeeded, type NeedingWebtask } from './needed.ts';
import { type NpmSettings, readNpmSettings } from './npm-settings.ts';

/** A module, and whether webtasks can require it. */
export interface ModuleState extends ModuleSpec {
  readonly state: 'queued' | 'available' | 'failed';
}

/** The packages that a server provides to webtasks. */
export interface Modules {
  /**
   * Provides what a webtask asks for, and says in which folders it is.
   *
   * @param container - whose it is
   * @throws COMPILE_DEPENDENCIES, MODULE_INVALID, MODULE_UNKNOWN, MODULE_FOREIGN, MODULE_DAMAGED, MODULE_UNAVAILABLE,
   *   MODULES_NPM, MODULES_WAITING, MODULES_BUSY
   */
  foldersFor(webtask: NeedingWebtask, container: string): Promise<string[]>;
  /**
   * Has modules provided, and does not wait for them.
   *
   * @param reset - also those that are there already
   * @param container - who asks; none for the cluster's own
   * @throws MODULE_INVALID; MODULES_WAITING and MODULES_BUSY, and then none of them is fetched
   */
  request(specs: readonly ModuleSpec[], reset: boolean, container: string | undefined): Promise<ModuleState[]>;
  /** Lists the versions of a module that are there, under way, or failed in the last minute. */
  list(name: string): Promise<ModuleState[]>;
  /** Ends what is under way. */
  close(): void;
}

/** How long an installation can take, and more. */
const ABANDONED_MS = 60 * 60_000;
/** How long a failure is an answer before it is tried again. */
const FAILED_MS = 60_000;
const REMEMBERED = 1000;

/**
 * Makes the provider of npm packages. Each version is fetched once, into one folder that all containers share and none
 * writes to; those who ask for it at the same time wait for the same fetch.
 *
 * @param cache - absolute path of its folder
 * @param env - where npm finds its registry
 * @see protocol reference 2.5
 */
export function createModules(cache: string, env: NodeJS.ProcessEnv): Modules {
  const underWay = new Map<string, Promise<void>>();
  /** What has just failed is not fetched again for each request. */
  const failed = new LRUCache<string, { error: unknown }>({
    max: REMEMBERED,
    ttl: FAILED_MS,
    ttlResolution: 0,
    perf: { now: () => performance.now() },
  });
  const children = new Set<ChildProcess>();
  const queue = createInstallQueue();
  let isClosed = false;

  let settings: Promise<NpmSettings> | undefined;
  let swept: Promise<void> | undefined;
  /** Removes what processes left behind that were killed while they installed. */
  async function sweep(): Promise<void> {
    for (const name of await readdir(cache)) {
      if (!name.startsWith(NEW_PREFIX)) continue;
      const folder = join(cache, name);
      const { mtimeMs } = await stat(folder);
      if (Date.now() - mtimeMs > ABANDONED_MS) await rm(folder, { recursive: true, force: true });
    }
  }

  const onStart = (child: ChildProcess): void => {
    children.add(child);
    child.once('close', () => children.delete(child));
  };

  /** Provides packages in one folder, and gives the folder. */
  async function provide(specs: readonly ModuleSpec[], container: string | undefined): Promise<string> {
    const target = join(cache, ...placeOf(specs));
    if (!existsSync(target)) await (underWay.get(keyOf(specs)) ?? begin(specs, target, container));
    return join(target, 'node_modules');
  }

  function begin(specs: readonly ModuleSpec[], target: string, container: string | undefined): Promise<void> {
    const key = keyOf(specs);
    const last = failed.get(key);
    if (last) throw last.error;
    const installing = queue.add(container, async () => {
      if (isClosed) return;
      await mkdir(cache, { recursive: true, mode: 0o700 });
      swept ??= sweep().catch(() => undefined); // another process may be removing the same
      await swept;
      settings ??= readNpmSettings(cache, env, onStart);
      settings.catch(() => {
        settings = undefined; // the next one asks again
      });
      await install(specs, target, { cache, env, settings: await settings, onStart });
    });
    underWay.set(key, installing);
    installing.catch((error: unknown) => failed.set(key, { error })).finally(() => underWay.delete(key));
    return installing;
  }

  function stateOf(spec: ModuleSpec): ModuleState {
    const key = toText(spec);
    const isThere = isPlatformModule(spec.name) || existsSync(join(cache, ...placeOf([spec])));
    const state = isThere ? 'available' : failed.has(key) && !underWay.has(key) ? 'failed' : 'queued';
    return { ...spec, state };
  }

  return {
    async foldersFor(webtask, container) {
      const { together, apart } = await findNeeded(webtask);
      const wanted = [...(together.length > 0 ? [together] : []), ...apart.map((spec) => [spec])];
      return Promise.all(wanted.map((specs) => provide(specs, container)));
    },
    async request(specs, reset, container) {
      const checked = specs.map(checkModule);
      const wanted = new Map(checked.filter(({ name }) => !isPlatformModule(name)).map((spec) => [toText(spec), spec]));
      if (reset) {
        for (const [key, spec] of wanted) {
          if (underWay.has(key)) continue;
          failed.delete(key);
          await rm(join(cache, ...placeOf([spec])), { recursive: true, force: true });
        }
      }
      const missing = [...wanted].filter(([key, spec]) => stateOf(spec).state === 'queued' && !underWay.has(key));
      queue.admit(container, missing.length); // all of them, or none
      for (const [, spec] of missing) provide([spec], container).catch(() => undefined); // its state says so
      return checked.map(stateOf);
    },
    async list(name) {
      if (!isPackageName(name)) fail('MODULE_INVALID', { name, version: '*' });
      const there = await readdir(join(cache, ...name.split('/'))).catch(() => []);
      const known = [...failed.keys(), ...underWay.keys()].flatMap((key) => {
        const at = key.lastIndexOf('@');
        return !key.includes(' ') && key.slice(0, at) === name ? [key.slice(at + 1)] : [];
      });
      return [...new Set([...there, ...known])].sort().map((version) => stateOf({ name, version }));
    },
    close() {
      isClosed = true;
      for (const child of children) child.kill();
    },
  };
}

function keyOf(specs: readonly ModuleSpec[]): string {
  return specs.map(toText).join(' ');
}

/** A single package is under its name and version, several are under a hash of theirs. */
function placeOf(specs: readonly ModuleSpec[]): string[] {
  const [only, ...others] = specs;
  if (only !== undefined && others.length === 0) return [...only.name.split('/'), only.version];
  const text = specs.map(toText).sort().join('\n');
  return ['.sets', createHash('sha256').update(text).digest('hex').slice(0, 32)];
}
