import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FROM_SOURCE } from './program.ts';

const FIXTURE = fileURLToPath(new URL('../runtime/identity/revocation/fixtures/process.ts', import.meta.url));

/** A process of its own with revocation over the embedded store of a folder. */
export interface RevocationProcess {
  readonly child: ChildProcess;
  /** Tells it one thing. */
  tell(line: string): void;
  /** Waits for the next thing that it says. */
  hear(): Promise<string>;
  /** Tells it one thing, and waits for what it says. */
  ask(line: string): Promise<string>;
  kill(): Promise<void>;
}

/** Starts one, and waits until it knows everything. */
export async function startRevocationProcess(folder: string): Promise<RevocationProcess> {
  const child = spawn(process.execPath, [...FROM_SOURCE, FIXTURE, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const tell = (line: string): void => void child.stdin.write(`${line}\n`);
  async function hear(): Promise<string> {
    const { done, value } = await lines.next();
    if (done) throw new Error('the process has ended');
    return value;
  }

  await hear();
  return {
    child,
    tell,
    hear,
    ask(line) {
      tell(line);
      return hear();
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
