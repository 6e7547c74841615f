import { spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { WebtaskError } from '../errors.ts';
import type { Launch } from './launch.ts';
import { type Runs, requestRuns } from './request-runs.ts';

/** A process that runs webtasks of one container. */
export interface Worker extends Pick<Runs, 'run' | 'forget' | 'count'> {
  readonly pid: number;
  /** Ends the process at once; what runs fails with WORKER_ENDED and that reason. */
  kill(reason: string): void;
  /** Resolves with the reason when the process is gone. */
  readonly ended: Promise<string>;
}

/**
 * Starts a worker. It has an empty environment, and is joined to this process by one pipe.
 *
 * @param onOutput - receives what was printed past the webtasks' own streams
 * @param onIdle - is told when the last request was answered
 * @throws WORKER_NOT_STARTED
 * @see protocol reference 2.9
 */
export async function startWorker(
  { command, args, env, inputs = [] }: Launch,
  onOutput: (text: string) => void,
  onIdle: () => void = () => undefined,
): Promise<Worker> {
  const child = spawn(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...inputs.map(() => 'pipe' as const)],
  });
  for (const [index, input] of inputs.entries()) {
    (child.stdio[4 + index] as Duplex).on('error', () => undefined).end(input); // a pipe, as asked for
  }
  for (const stream of [child.stdout, child.stderr]) (stream as Readable).setEncoding('utf8').on('data', onOutput);
  let reason: string | undefined;
  const kill = (why: string): void => {
    reason ??= why;
    child.kill('SIGKILL');
  };
  /** Of a process that ends, its pipe is closed first: how it ended says more. */
  let brokenBy: string | undefined;
  const onBroken = (why: string): void => {
    brokenBy = why;
    child.kill('SIGKILL');
  };
  const runs = requestRuns(child.stdio[3] as Duplex, onBroken, onIdle); // a pipe, as asked for
  const ended = new Promise<string>((resolve) => {
    const end = (what: string): void => {
      reason ??= what;
      runs.end(reason);
      resolve(reason);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => {
      const how = `its process ended with ${signal ?? `exit code ${code}`}`;
      end(signal === 'SIGKILL' && brokenBy ? brokenBy : how);
    });
  });
  const failed = ended.then((why) => {
    throw new WebtaskError('WORKER_NOT_STARTED', { reason: why });
  });
  await Promise.race([runs.ready, failed]);
  failed.catch(() => undefined); // it ends at some time
  return {
    pid: child.pid ?? 0,
    ended,
    kill,
    run: runs.run,
    forget: runs.forget,
    get count() {
      return runs.count;
    },
  };
}
