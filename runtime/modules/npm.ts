import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { withPipes } from '../with-pipes.ts';

/** How npm ended. */
export interface NpmResult {
  readonly status: number | null;
  /** What npm calls its error, such as `E404`. */
  readonly code: string | undefined;
  /** npm's own first line about it. */
  readonly reason: string;
  /** All that it said of what went wrong. */
  readonly errors: string;
  /** What it printed. */
  readonly output: string;
}

/** What npm needs nothing of. */
const KEPT_BACK = /^(?:WEBTASK_|AWS_|NODE_OPTIONS$)/i;
const TIMEOUT_MS = 120_000;
const MAX_ERROR_LENGTH = 20_000;
const MAX_OUTPUT_LENGTH = 1_000_000;

/**
 * Runs npm as a child process, which no script of a package ever does with it.
 *
 * @param env - where npm finds its registry, proxies and certificates; secrets of the server are kept back
 * @param onStart - is given the process, for who wants to end it
 */
export function runNpm(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  onStart: (child: ChildProcess) => void,
): Promise<NpmResult> {
  const file = npmFile();
  const [command, first] = file === undefined ? ['npm', []] : [process.execPath, [file]];
  let errors = '';
  let output = '';
  const notStarted = ({ message }: Error): NpmResult => {
    return { status: null, code: 'ENPM', reason: `npm: ${message}`, errors, output };
  };
  let child: ChildProcessByStdio<null, Readable, Readable>;
  const umask = process.umask(0o022); // what is installed is for others to read
  try {
    child = withPipes(
      spawn(command, [...first, ...args], {
        cwd,
        env: npmEnvironment(env),
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: TIMEOUT_MS,
        windowsHide: true,
      }),
    );
  } catch (error) {
    return Promise.resolve(notStarted(error as Error)); // a system error, or its own
  } finally {
    process.umask(umask);
  }
  onStart(child);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output.length < MAX_OUTPUT_LENGTH) output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (errors.length < MAX_ERROR_LENGTH) errors += text;
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(notStarted(error)));
    child.once('close', (status, signal) => {
      const lines = errors.split('\n').flatMap((line) => /^npm (?:error|ERR!) ?(.*)$/.exec(line)?.[1] ?? []);
      const code = lines[0]?.startsWith('code ') ? lines[0].slice('code '.length).trim() : undefined;
      const words = lines.find((line) => line !== '' && !/^(?:code|errno|syscall|path|dest) /.test(line));
      const ended = signal ? `npm was ended by ${signal}` : `npm ended with ${status}`;
      resolve({ status, code, reason: words ?? ended, errors, output });
    });
  });
}

/** What npm is told of the environment: not the secrets of the server. */
export function npmEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !KEPT_BACK.test(name)));
}

/** The program that comes with the running Node; without it, whatever the path finds. */
function npmFile(): string | undefined {
  const folder = dirname(process.execPath);
  const places = [
    join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  return places.find(existsSync);
}
