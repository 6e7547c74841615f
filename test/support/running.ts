import { type ProgramOptions, startProgram } from './program.ts';

/** A program of the kit that runs as a process of its own. */
export interface RunningProgram {
  readonly pid: number;
  /** What it has printed until now. */
  readonly stdout: string;
  readonly stderr: string;
  /** Waits until what it has printed matches. Fails when the program ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** What it ended with: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** Ends it, whatever it does. */
  kill(): Promise<unknown>;
}

/** Starts a program, and listens to all that it says. */
export function startRunning(name: string, args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  const child = startProgram(name, args, options);
  child.stdin.end();
  const text = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const one of waiting) one();
  };
  let isOver = false;
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      isOver = true;
      resolve(code ?? signal);
      look();
    });
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk) => {
      text[stream] += chunk;
      look();
    });
  }
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return text.stdout;
    },
    get stderr() {
      return text.stderr;
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const one = (): void => {
          const match = pattern.exec(text.stdout) ?? pattern.exec(text.stderr);
          if (match) resolve(match);
          else if (isOver)
            reject(new Error(`${name} ended without printing ${pattern}:\n${text.stdout}${text.stderr}`));
          else return;
          waiting.delete(one);
        };
        waiting.add(one);
        one();
      }),
    signal: (name) => void child.kill(name),
    ended,
    kill() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
