import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { toItsEnd } from './program.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** Notes each file that Node loads: modules as they come, and what was required when the process ends. */
const NOTING = `
import { appendFileSync } from 'node:fs';
import Module, { register } from 'node:module';
const note = (file) => appendFileSync(process.env.WEBTASK_TEST_LOADED, file + '\\n');
process.once('exit', () => Object.keys(Module._cache).forEach(note));
register('data:text/javascript,' + encodeURIComponent(\`
  import { appendFileSync } from 'node:fs';
  import { fileURLToPath } from 'node:url';
  export async function load(url, context, next) {
    if (url.startsWith('file:')) appendFileSync(process.env.WEBTASK_TEST_LOADED, fileURLToPath(url) + '\\\\n');
    return next(url, context);
  }\`));`;

/** What a program loaded. */
export interface Loaded {
  /** The packages. */
  readonly packages: string[];
  /** The modules of the kit, as their paths in it. */
  readonly modules: string[];
}

/** What V8 says of the functions of each script. */
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { count: number }[] }[];
  }[];
}

/**
 * Runs the compiled `webtask`, and says what it loaded: of each file that was bundled, what is in it, and of the one with
 * all that is loaded late, what of that ran.
 *
 * @param home - where it keeps what it made, unless this user is root
 * @param meanwhile - ends the program, where it does not end by itself
 */
export async function loadedBy(
  args: readonly string[],
  cwd: string,
  home: string,
  meanwhile: (child: ReturnType<typeof spawn>) => Promise<void> = async () => undefined,
): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), 'wt-'));
  const noted = join(folder, 'loaded');
  const counted = join(folder, 'counted');
  try {
    const flags = ['--import', `data:text/javascript,${encodeURIComponent(NOTING)}`];
    const noting = { WEBTASK_TEST_LOADED: noted, NODE_V8_COVERAGE: counted };
    const env = { PATH: process.env.PATH, HOME: home, NO_COLOR: '1', ...noting };
    const child = spawn(process.execPath, [...flags, `${REPOSITORY}dist/webtask.cjs`, ...args], { cwd, env });
    const [{ status, stderr }] = await Promise.all([toItsEnd(child), meanwhile(child)]);
    if (status !== 0) throw new Error(`it ended with ${status}: ${stderr}`);
    const files = readFileSync(noted, 'utf8')
      .trim()
      .split('\n')
      .filter((it) => !it.endsWith('.json'));
    const sources = [...files.flatMap(sourcesOf), ...partsIn(counted)].map((it) => it.replaceAll('\\', '/'));
    const packages = sources.map((it) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(it)?.[1]);
    const root = REPOSITORY.replaceAll('\\', '/');
    const own = sources.filter((it) => it.startsWith(root) && !it.includes('/node_modules/'));
    return {
      packages: [...new Set(packages.filter((it) => it !== undefined))].sort(),
      modules: [...new Set(own.map((it) => relative(root, it).replaceAll('\\', '/')))].sort(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The files that a bundled one was made of; another one itself. */
function sourcesOf(file: string): string[] {
  if (!isCompiled(pathToFileURL(file).href)) return [file];
  if (/-\w+\.cjs$/.test(file)) return []; // of which not all runs
  const { sources } = JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { sources: string[] };
  return sources.map((it) => resolve(dirname(file), it));
}

/** The modules in files of CommonJS that ran: in such a bundle, each is a function with the path of its module as its name. */
function partsIn(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage).result)
    .filter(({ url }) => isCompiled(url) && url.endsWith('.cjs'))
    .flatMap(({ functions }) => functions)
    .filter(({ functionName, ranges }) => /\.[cm]?[jt]s$/.test(functionName) && (ranges[0]?.count ?? 0) > 0)
    .map(({ functionName }) => resolve(REPOSITORY, functionName));
}

function isCompiled(url: string): boolean {
  return url.startsWith(pathToFileURL(`${REPOSITORY}dist/`).href);
}
