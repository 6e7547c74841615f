import { WebtaskError } from '../errors.ts';
import { type Cgroup, openCgroups } from './cgroup/index.ts';
import type { Isolation } from './choose-isolation.ts';
import { launchProcess, type WorkerProject } from './launch.ts';
import { launchSandbox } from './launch-sandbox.ts';
import type { Limits } from './limits/limits.ts';
import { containerBytes } from './limits/node-arguments.ts';
import type { Attachable, NetworkPolicy } from './network/index.ts';
import { findProgram } from './program.ts';
import type { ShownFolder } from './show-folder.ts';
import { startWorker, type Worker } from './start-worker.ts';
import { takeUser, type UserRange } from './users.ts';

/** What workers are started with. */
export interface StarterParts {
  readonly mode: Exclude<Isolation, 'inline'>;
  /** Folders that webtasks can read although they are shut in. */
  readonly readable: readonly string[];
  /** A folder that they can read a part of. */
  readonly shown?: ShownFolder | undefined;
  /** For workers, where this process may choose their user. */
  readonly users: UserRange;
  readonly limits: Limits;
  /** Where webtasks may connect to. */
  readonly network: NetworkPolicy;
  /** Whose they are, where they are outside the shared pool. */
  readonly project?: WorkerProject | undefined;
  /** Receives what is printed past the webtasks' own streams. */
  readonly onOutput: (text: string) => void;
}

/** Starts a worker, which says when it has nothing to do any more. */
export type StartOne = (onIdle: () => void) => Promise<Worker>;

/** Makes what starts workers. Their program is made ready at once. */
export function openStarter({
  mode,
  readable,
  shown,
  users,
  limits,
  network,
  project,
  onOutput,
}: StarterParts): StartOne {
  const isRoot = process.getuid?.() === 0;
  const program = findProgram(mode === 'sandbox' && isRoot);
  program.catch(() => undefined); // each start says so

  /** Nobody gets less than was said at start: where groups can be made, each worker has one. */
  async function makeCgroup(): Promise<Cgroup | undefined> {
    const cgroups = await openCgroups();
    try {
      return cgroups?.create({ memoryBytes: containerBytes(limits.memoryBytes), processes: limits.processes });
    } catch (error) {
      throw new WebtaskError('WORKER_NOT_STARTED', { reason: (error as Error).message }); // of the file system
    }
  }

  async function startShutIn(onIdle: () => void): Promise<Worker> {
    const user = isRoot ? await takeUser(users) : undefined;
    const { memoryBytes, temporaryBytes, processes, files } = limits;
    try {
      const settings = {
        memoryBytes,
        temporaryBytes,
        maxProcesses: processes,
        maxFiles: files,
        program: await program,
        readable,
        shown,
        uid: user?.uid,
        hasNetwork: network !== 'none',
        project,
      };
      const prepare = network === 'none' ? undefined : (it: Attachable) => attach(it, network, user?.uid);
      const launch = { ...launchSandbox(settings), cgroup: await makeCgroup() };
      const worker = await startWorker(launch, onOutput, onIdle, limits, prepare);
      worker.ended.then(() => user?.release());
      return worker;
    } catch (error) {
      void user?.release();
      throw error;
    }
  }

  /** While it gets ready: neither waits for the other. */
  async function attach(worker: Attachable, policy: 'public' | 'all', uid: number | undefined): Promise<void> {
    const { attachNetwork, isAlive, untilApart } = await import('./network/index.ts'); // only who is shut in needs it
    if (!(await untilApart(worker))) return worker.kill('it was not shut in');
    await attachNetwork(worker, { policy, uid }).catch((error: unknown) => {
      if (!isAlive(worker.pid)) return; // which is why, and is said
      worker.kill('it has no network');
      throw error;
    });
  }

  if (mode === 'sandbox') return startShutIn;
  return async (onIdle) => {
    const launch = launchProcess(await program, limits, network, project);
    return startWorker({ ...launch, cgroup: await makeCgroup() }, onOutput, onIdle, limits);
  };
}
