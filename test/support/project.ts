import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeData } from './isolation.ts';
import { FROM_SOURCE, isCompiled, type ProgramResult } from './program.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** What a mocha of a project's own needs; to run the kit from its source, a little more. */
const MOCHARC = {
  ...(!isCompiled && { 'node-option': ['conditions=webtask-kit-source', `import=${FROM_SOURCE.at(-1)}`] }),
  // By its path, since mocha looks for packages from where it is installed itself, which here is not the project.
  require: [join(REPOSITORY, isCompiled ? 'dist/mocha.js' : 'runtime/harness/mocha.ts')],
  spec: ['test/**/*.test.*'],
};

/** What of the developer's own environment a child process gets. */
const PASSED_ON = ['PATH', 'HOME', 'SystemRoot', 'TEMP', 'TMP', 'NODE_V8_COVERAGE'];

/** A user's project in a folder of its own, with this repository installed as `webtask-kit`. */
export interface TestProject {
  readonly folder: string;
  write(file: string, text: string): void;
  /** Runs mocha to its end. */
  mocha(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProgramResult>;
  /** Runs a script of the project to its end. */
  node(file: string, env?: Readonly<Record<string, string>>): Promise<ProgramResult>;
  /** Starts mocha, for who reads its output as it comes. */
  startMocha(args: readonly string[]): ReturnType<typeof start>;
  remove(): void;
}

/**
 * Makes a project of a user's.
 *
 * @param files - paths to texts; a package.json and a .mocharc.json are added where there are none
 */
export function createProject(files: Readonly<Record<string, string>>): TestProject {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-kit-project-')));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    // Whole at once, as editors save: a watcher must not see an empty file.
    writeFileSync(join(folder, '.saving'), text);
    renameSync(join(folder, '.saving'), join(folder, file));
  };
  const base = { 'package.json': '{ "type": "module" }', '.mocharc.json': JSON.stringify(MOCHARC) };
  for (const [file, text] of Object.entries({ ...base, ...files })) write(file, text);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(REPOSITORY, join(folder, 'node_modules/webtask-kit'), 'junction');
  symlinkSync(join(REPOSITORY, 'node_modules/chai'), join(folder, 'node_modules/chai'), 'junction');

  const mocha = join(REPOSITORY, 'node_modules/mocha/bin/mocha.js');
  return {
    folder,
    write,
    mocha: (args = [], env = {}) => finish(start(folder, [mocha, ...args], env)),
    node: (file, env = {}) => finish(start(folder, [...FROM_SOURCE, file], env)),
    startMocha: (args) => start(folder, [mocha, ...args], {}),
    remove() {
      if (existsSync(join(folder, '.webtask'))) removeData(join(folder, '.webtask'));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function start(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const passed = Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.includes(name)));
  return spawn(process.execPath, args, { cwd, env: { ...passed, NO_COLOR: '1', ...env }, stdio: 'pipe' });
}

async function finish(child: ChildProcess): Promise<ProgramResult> {
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk) => {
      text[stream] += chunk;
    });
  }
  child.stdin?.end();
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, ...text };
}
