import { statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { watch } from 'chokidar';
import { fail } from '../runtime/errors.ts';
import { listWebtasks, readProject, webtaskName, webtaskSettings } from '../runtime/project/index.ts';
import { keepModulesFresh } from '../runtime/server/dev/fresh-modules.ts';
import { startDevServer } from '../runtime/server/index.ts';
import { stopOnSignals } from './serve.ts';

/**
 * How long to wait for the rest of a change: a file is emptied before it is written, a formatter writes it again, and
 * several are saved at once. More than 50, in which chokidar tells of a file only once.
 */
const SETTLED_MS = 60;

/** `webtask dev`: serves webtasks without tokens, and reloads what is saved. */
export async function dev(named: string[], options: { port: number; limit: number }): Promise<void> {
  const { folder } = readProject(process.cwd());
  const chosen = named.map((file) => resolve(file));
  for (const [i, file] of chosen.entries()) if (!isFile(file)) fail('RUN_NO_FILE', { file: named[i] ?? file });
  const files = (): string[] => (chosen.length > 0 ? chosen : listWebtasks(join(folder, 'webtasks')));
  if (files().length === 0) fail('DEV_NO_WEBTASKS', { folder: join(folder, 'webtasks') });
  refuseSameNames(files());

  const forgetModules = await keepModulesFresh(folder);
  const server = await startDevServer({
    files,
    port: options.port,
    limitMs: options.limit,
    onLine: (line) => console.log(line),
  });
  const watcher = watch([folder, ...chosen], {
    ignoreInitial: true,
    ignored: (path) => /^(?:node_modules|\.git|\.webtask)$/.test(basename(path)),
  });
  const changed = new Set<string>();
  const reload = (): void => {
    // What changed may be a module that webtasks require, or `.env`: all are read again.
    for (const file of files()) server.forget(file);
    forgetModules();
    const [first = '', ...others] = [...changed].map((file) => relative(folder, file).replaceAll('\\', '/'));
    console.log(`reloaded after a change of ${first}${others.length > 0 ? ` and ${others.length} more` : ''}`);
    changed.clear();
  };
  watcher.on('all', (_event, file) => {
    if (!/\.(?:[cm]?[jt]s|json|env)$/.test(file)) return;
    if (changed.size === 0) setTimeout(reload, SETTLED_MS);
    changed.add(file);
  });
  stopOnSignals(async () => {
    await watcher.close();
    await server.close();
  });
  await new Promise<void>((ready) => watcher.once('ready', () => ready()));
  for (const file of files()) {
    console.log(`${server.url}/${encodeURIComponent(webtaskName(file))}${describeSecrets(file)}`);
  }
  console.log('watching for changes; ctrl+c ends');
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Two files of one name have one URL: whoever edits the second would wonder. */
function refuseSameNames(files: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const name = webtaskName(file);
    const first = seen.get(name);
    if (first !== undefined) fail('DEV_NAME_TWICE', { first: basename(first), second: basename(file), name });
    seen.set(name, file);
  }
}

/** The names of a webtask's secrets, and where each is from; never the values. */
function describeSecrets(file: string): string {
  try {
    const { sources } = webtaskSettings(file);
    const names = Object.entries(sources).map(([name, source]) => `${name} from ${source}`);
    return names.length === 0 ? '  (no secrets)' : `  (${names.join(', ')})`;
  } catch (error) {
    return `  (${error instanceof Error ? error.message : String(error)})`; // said again, with the way out, on a request
  }
}
