import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** The arguments that run a program of the kit from its source. */
export const FROM_SOURCE = [
  '--conditions=webtask-kit-source',
  '--import',
  new URL('../../runtime/compile/register.js', import.meta.url).href,
];

/** Whether `compile.ts` has compiled the kit: then tests use it as people have it, in `dist/`. */
export const isCompiled = process.env.WEBTASK_TEST_PROGRAMS === 'compiled';

/** What a program did. */
export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is started. */
export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to a small environment: nothing of the developer's own reaches the program. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs a program of the kit as a process of its own, to its end. */
export async function runProgram(
  name: 'webtask' | 'wt-build' | 'demo',
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return toItsEnd(startProgram(name, args, options), options.input);
}

/** Waits for the end of a process, and gives what it printed. */
export async function toItsEnd(child: ChildProcessWithoutNullStreams, input = ''): Promise<ProgramResult> {
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk) => {
      text[stream] += chunk;
    });
  }
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, ...text };
}

/** Starts a program of the kit as a process of its own. */
export function startProgram(name: string, args: readonly string[], { cwd, env }: ProgramOptions = {}) {
  return spawn(process.execPath, [...programOf(name), ...args], {
    cwd: cwd ?? REPOSITORY,
    env: { ...passedOn(['PATH', 'HOME', 'NODE_V8_COVERAGE']), NO_COLOR: '1', ...env },
    stdio: 'pipe',
  });
}

/** The arguments that run a program, as it is compiled or from its source; `demo` is not published. */
export function programOf(name: string): string[] {
  return isCompiled && name !== 'demo'
    ? [`${REPOSITORY}dist/${name}.${name === 'webtask' ? 'cjs' : 'js'}`]
    : [...FROM_SOURCE, `${REPOSITORY}cli/${name}.ts`];
}

function passedOn(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Waits until a program has printed a line that matches. */
export function waitForLine(child: ReturnType<typeof startProgram>, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk: Buffer): void => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match) resolve(match);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('close', () => reject(new Error(`the program ended without printing ${pattern}:\n${text}`)));
  });
}
