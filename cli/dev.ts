import { statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { watch } from 'chokidar';
import { fail } from '../runtime/errors.ts';
import { listWebtasks, readProject, webtaskName, webtaskSettings } from '../runtime/project/index.ts';
import { openDevRunner, startDevServer } from '../runtime/server/dev/index.ts';
import { createMemoryStore } from '../runtime/store/memory.ts';
import { type Isolation, readLimits } from '../runtime/worker/index.ts';
import { stopOnSignals } from './serve.ts';

/**
 * How long to wait for the rest of a change: a file is emptied before it is written, a formatter writes it again, and
 * several are saved at once. More than 50, in which chokidar tells of a file only once.
 */
const SETTLED_MS = 60;

/** `webtask dev`: serves webtasks without tokens, and reloads what is saved. */
export async function dev(
  named: string[],
  options: { port: number; limit: number; isolation: Isolation; inspect?: boolean },
): Promise<void> {
  const { folder } = readProject(process.cwd());
  const chosen = named.map((file) => resolve(file));
  for (const [i, file] of chosen.entries()) if (!isFile(file)) fail('RUN_NO_FILE', { file: named[i] ?? file });
  const files = (): string[] => (chosen.length > 0 ? chosen : listWebtasks(join(folder, 'webtasks')));
  if (files().length === 0) fail('DEV_NO_WEBTASKS', { folder: join(folder, 'webtasks') });
  refuseSameNames(files());

  if (options.inspect && options.isolation !== 'process') fail('INSPECT_ISOLATION', { isolation: options.isolation });
  const onLine = (line: string): void => console.log(line);
  const runner = await openDevRunner({
    isolation: options.isolation,
    folder,
    otherFolders: chosen.map((file) => dirname(file)).filter((it) => !`${it}${sep}`.startsWith(folder + sep)),
    limits: readLimits(process.env),
    limitMs: options.limit,
    inspectPort: options.inspect ? process.debugPort : undefined,
    documents: createMemoryStore(),
    onOutput: (text) => onLine(text.trimEnd()),
  });
  const server = await startDevServer({ files, port: options.port, runner, onLine }).catch(async (error) => {
    await runner.close();
    throw error;
  });
  const watcher = watch([folder, ...chosen], {
    ignoreInitial: true,
    ignored: (path) => /^(?:node_modules|\.git|\.webtask)$/.test(basename(path)),
  });
  const changed = new Set<string>();
  const reload = (): void => {
    // What changed may be a module that webtasks require, or `.env`: all are read again.
    server.reload();
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
