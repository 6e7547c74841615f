import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, writeFileSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { fail, WebtaskError } from '../errors.ts';
import { withPipes } from '../with-pipes.ts';
import { answerModules } from './answer-modules.ts';
import type { Launch } from './launch.ts';
import { openWatchdogPipe, type Place } from './limits/ask-where.ts';
import { describeEnd } from './limits/describe-end.ts';
import { killGroup, killTree } from './limits/kill-tree.ts';
import { type Limits, readLimits } from './limits/limits.ts';
import { WATCHDOG_DESCRIPTOR } from './limits/watchdog-descriptor.ts';
import { MEMORY_DESCRIPTOR } from './memory-descriptor.ts';
import { MODULES_DESCRIPTOR } from './modules-descriptor.ts';
import { openMemory } from './open-memory.ts';
import { type Breach, type Runs, requestRuns } from './request-runs.ts';
import { createSharedMemory } from './shared-memory.ts';

/** A process that runs webtasks of one container. */
export interface Worker extends Pick<Runs, 'run' | 'forget' | 'count' | 'isFit' | 'ping'> {
  readonly pid: number;
  /** Milliseconds of CPU time that all its processes have used, where the kernel counts that. */
  cpuMs?(): number;
  /** Ends the process at once; what runs fails with WORKER_ENDED and that reason. */
  kill(reason: string): void;
  /** Asks where its code is. */
  where(): Promise<Place | undefined>;
  /** Ends the process at once, because of a limit. */
  breach(error: WebtaskError, blamed?: string): void;
  /** Resolves with the reason when the process is gone. */
  readonly ended: Promise<string>;
}

/**
 * Starts a worker. It has an empty environment, and is joined to this process by one pipe.
 *
 * @param onOutput - receives what was printed past the webtasks' own streams
 * @param onIdle - is told when the last request was answered
 * @param limits - of what it prints and answers; the others are its launch's, and those of whoever supervises it
 * @param prepare - what is done to the process while it gets ready; the worker is ready after both
 * @throws WORKER_NOT_STARTED, and what `prepare` rejects with
 * @see protocol reference 2.9
 */
export async function startWorker(
  launch: Launch,
  onOutput: (text: string) => void,
  onIdle: () => void = () => undefined,
  limits: Limits = readLimits({}),
  prepare?: (starting: Pick<Worker, 'pid' | 'ended' | 'kill'>) => Promise<void>,
): Promise<Worker> {
  const { inputs = [], project, cgroup } = launch;
  const memory = openMemory();
  const child = spawnWith(memory, launch);
  const { pid = 0 } = child;
  endFirst(pid);
  const pipes = child.stdio as readonly unknown[] as readonly Duplex[]; // as asked for
  for (const [index, input] of inputs.entries()) pipes[4 + index]?.on('error', () => undefined).end(input);
  let reason: string | undefined;
  let breach: Breach | undefined;
  const kill = (why: string, because?: Breach): void => {
    reason ??= why;
    breach ??= because;
    if (child.exitCode !== null || child.signalCode !== null) return;
    cgroup?.kill();
    killTree(pid); // also of what has not been put there yet
  };
  /** The pipes of a process that ends by itself are closed first, and how it ends says more. */
  const onClosed = (what: string): void => void setTimeout(kill, ENDING_MS, `it closed its ${what}`).unref();
  const events = { onBroken: kill, onClosed: () => onClosed('pipe'), onIdle };
  const shared = memory === undefined ? undefined : createSharedMemory(memory, 'server');
  const runs = requestRuns(pipes[3] as Duplex, limits, events, shared);
  const watchdog = openWatchdogPipe(pipes[WATCHDOG_DESCRIPTOR] as Duplex, kill, () => onClosed('watchdog'));
  if (project) answerModules(pipes[MODULES_DESCRIPTOR] as Duplex, project.toCommonJS, kill);
  let printed = '';
  for (const stream of [child.stdout, child.stderr] as Readable[]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-LAST_PRINTED);
      if (!runs.print(text)) onOutput(text);
    });
  }
  const ended = new Promise<string>((resolve) => {
    const end = (what: string, because?: WebtaskError): void => {
      reason ??= because?.message ?? what;
      void cgroup?.remove();
      runs.end(reason, breach ?? (because && { error: because }));
      shared?.close();
      resolve(reason);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => {
      killGroup(pid);
      cgroup?.kill();
      const last = (): void => {
        clearTimeout(timer);
        const limit = describeEnd({ code, signal }, printed, runs.container, limits, cgroup?.ranOutOfMemory());
        end(`its process ended with ${signal ?? `exit code ${code}`}`, limit);
      };
      // What it printed last says why, and may be on its way; who else holds its output may go on for ever.
      const timer = setTimeout(last, ENDING_MS);
      child.once('close', last);
    });
  });
  const failed = ended.then((why) => {
    throw new WebtaskError('WORKER_NOT_STARTED', { reason: why });
  });
  failed.catch(() => undefined); // it ends at some time
  const taken = cgroup?.take(pid, runs.ready).catch((error: Error) => kill(error.message));
  const prepared = prepare?.({ pid, ended, kill: (why) => kill(why) });
  await Promise.race([Promise.all([runs.ready, taken, prepared]), failed]);
  return {
    pid,
    ended,
    ...(cgroup && { cpuMs: cgroup.cpuMs }),
    kill: (why) => kill(why),
    breach: (error, blamed) => kill(error.message, { error, blamed }),
    where: watchdog.ask,
    run: runs.run,
    forget: runs.forget,
    ping: runs.ping,
    get isFit() {
      return reason === undefined && runs.isFit;
    },
    get count() {
      return runs.count;
    },
  };
}

/** @throws WORKER_NOT_STARTED where the system has nothing left for it; its memory and its group are gone then */
function spawnWith(memory: number | undefined, launch: Launch): ChildProcess {
  const { command, args, env, inputs = [], project, cgroup } = launch;
  try {
    const child = spawn(command, args, {
      env,
      detached: true, // a group of its own, to be ended with all that is in it
      stdio: stdioFor(inputs.length, project !== undefined, memory),
    });
    return withPipes(child);
  } catch (error) {
    if (memory !== undefined) closeSync(memory);
    void cgroup?.remove();
    return fail('WORKER_NOT_STARTED', { reason: (error as Error).message }); // a system error, or its own
  }
}

/** Milliseconds that the last words of a process may take. */
const ENDING_MS = 300;
/** Characters of what a process printed last, which say why it ended. */
const LAST_PRINTED = 8192;

/**
 * Where the machine runs out of memory, workers end, and not their server; also what they start. Where this process has
 * CAP_SYS_RESOURCE, no worker takes that back.
 *
 * @see proc(5): oom_score_adj
 */
function endFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // Elsewhere than on Linux nobody asks, and what has ended needs no score.
  }
}

/** The pipe of the frames is descriptor 3, what is to be read follows, then the memory, the watchdog and the modules. */
function stdioFor(inputs: number, hasModules: boolean, memory: number | undefined): ('ignore' | 'pipe' | number)[] {
  return Array.from({ length: hasModules ? MODULES_DESCRIPTOR + 1 : WATCHDOG_DESCRIPTOR + 1 }, (_, descriptor) => {
    if (descriptor === MEMORY_DESCRIPTOR) return memory ?? 'ignore';
    const isUsed = descriptor > 0 && (descriptor < 4 + inputs || descriptor >= WATCHDOG_DESCRIPTOR);
    return isUsed ? 'pipe' : 'ignore';
  });
}
