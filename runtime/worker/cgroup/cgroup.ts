import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readProcessTree } from '../limits/process-tree.ts';
import { endAll, removeGroup } from './remove-group.ts';

/** What the kernel may limit for all processes of a control group together. */
export type Controller = 'memory' | 'pids';

/** What the processes of a control group may have together, where there is a controller for it. */
export interface CgroupLimits {
  /** Bytes, with those of the kernel for their files, sockets and pipes. */
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly processes: number;
}

/** The control group of a worker. Whatever comes from it is in it; only who may write to the groups can leave it. */
export interface Cgroup {
  /**
   * Has a process and all that come from it be in it. For a process that runs nothing of strangers yet.
   *
   * @param ready - resolves when it has started what it does; where it ends before, nobody waits for that
   */
  take(pid: number, ready: Promise<unknown>): Promise<void>;
  /** Ends all that is in it. */
  kill(): void;
  /** Milliseconds of CPU time that all have used that were ever in it. */
  cpuMs(): number;
  /** Whether one was ended because they had no memory left together. */
  ranOutOfMemory(): boolean;
  /** Ends what is in it, and removes it when that is gone. */
  remove(): Promise<void>;
}

/**
 * Makes a control group.
 *
 * @param folder - absolute path, of what is not there yet
 * @param controllers - those that the groups beside it can have
 * @throws what the system says, where it cannot be made
 * @see cgroups(7), and Control Group v2 in the documentation of the kernel
 */
export function createCgroup(folder: string, controllers: readonly Controller[], limits: CgroupLimits): Cgroup {
  mkdirSync(folder);
  const file = (name: string): string => join(folder, name);
  if (controllers.includes('memory')) {
    writeFileSync(file('memory.max'), String(limits.memoryBytes));
    writeFileSync(file('memory.oom.group'), '1');
    if (existsSync(file('memory.swap.max'))) writeFileSync(file('memory.swap.max'), '0');
  }
  if (controllers.includes('pids')) writeFileSync(file('pids.max'), String(limits.processes));

  /** It is gone with the group; what it was last stays true. */
  const last = { cpuMs: 0, ranOutOfMemory: false };
  function look(): typeof last {
    const micros = numberIn(file('cpu.stat'), /^usage_usec (\d+)$/m);
    if (micros !== undefined) last.cpuMs = micros / 1000;
    last.ranOutOfMemory ||= (numberIn(file('memory.events'), /^oom_kill (\d+)$/m) ?? 0) > 0;
    return last;
  }

  return {
    kill: () => endAll(folder),
    cpuMs: () => look().cpuMs,
    ranOutOfMemory: () => look().ranOutOfMemory,
    async take(pid, ready) {
      const taken = new Set<number>();
      let isReady = false;
      ready.then(() => {
        isReady = true;
      });
      while (true) {
        if (!isReady) await Promise.race([ready, delay(LOOK_MS)]);
        const wasReady = isReady; // before it is looked at
        const tree = readProcessTree(pid);
        if (!tree) return; // it has ended
        const others = tree.pids.filter((one) => !taken.has(one));
        for (const one of others) await take(file('cgroup.procs'), one);
        for (const one of others) taken.add(one);
        if (wasReady && others.length === 0) return;
      }
    },
    async remove() {
      look();
      await removeGroup(folder);
    },
  };
}

/** Before each look at what has come from a process that gets ready: a sandbox has all of its processes by the first. */
const LOOK_MS = 20;
/** The kernel may take 20 ms for it, and holds nobody up meanwhile who waits for something else. */
async function take(procs: string, pid: number): Promise<void> {
  await writeFile(procs, String(pid)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ESRCH') throw error; // it has ended
  });
}

function numberIn(file: string, pattern: RegExp): number | undefined {
  try {
    const [, digits] = pattern.exec(readFileSync(file, 'latin1')) ?? [];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined;
  }
}
