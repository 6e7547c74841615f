import { WebtaskError } from '../../errors.ts';
import type { Place } from './ask-where.ts';
import { createCpuBudget } from './cpu-budget.ts';
import { CPU_WINDOW_MS, type Limits } from './limits.ts';
import { memoryOf } from './memory-of.ts';
import { containerBytes } from './node-arguments.ts';
import { type ProcessTree, readProcessTree, usedSince } from './process-tree.ts';

/** A worker as it is looked after. */
export interface Supervised {
  readonly pid: number;
  /** Requests that are being answered. */
  readonly count: number;
  /** Milliseconds of CPU time that all its processes have used, where the kernel counts that. */
  cpuMs?(): number;
  /** Asks for a sign of life. */
  ping(onPong: () => void): void;
  /** Asks where its code is. */
  where(): Promise<Place | undefined>;
  /** Ends it because of a limit. */
  breach(error: WebtaskError, blamed?: string): void;
  readonly ended: Promise<string>;
}

/** Looks after workers that belong to containers. */
export interface Supervisor {
  /**
   * Lets a run of a container begin.
   *
   * @throws CONTAINER_CPU_SPENT
   */
  admit(container: string): void;
  /** Looks after a worker from now on, until it ends. */
  watch(container: string, worker: Supervised): void;
  close(): void;
}

/** Milliseconds between two looks at a worker that does something. */
const BEAT_MS = 1_000;
/**
 * Milliseconds of CPU time that it takes to start a worker, with its sandbox and its network. Otherwise a container whose
 * workers end as soon as they run would have the machine start others for it without end, and for nothing.
 */
const START_MS = 150;
/** Workers are looked at one after the other, not all at once. */
const TICKS_PER_BEAT = 4;
/** Beats between two looks at what a worker uses that answers nobody and does nothing. */
const IDLE_BEATS = 10;
/** The part of a processor above which a worker that answers nobody does something nevertheless. */
const IDLE_SHARE = 0.05;

interface Watched {
  readonly container: string;
  dueAt: number;
  /** Since when it has owed a sign of life. */
  pingedAt: number | undefined;
  /** When its CPU time was looked at, and what it was. */
  sampledAt: number;
  tree: ProcessTree | undefined;
  /** Milliseconds of CPU time that the kernel had counted then. */
  cpuMs: number | undefined;
  /** Whether it used the processor when it was last looked at. */
  isActive: boolean;
  isEnding: boolean;
}

/**
 * Makes what looks after workers: about once a second, that each has a turn of its event loop, what CPU time it uses
 * with all processes that it started, how many these are, and what memory they have together.
 *
 * @param now - milliseconds, of a clock that only goes forward
 */
export function createSupervisor(limits: Limits, now: () => number): Supervisor {
  const { blockedMs } = limits;
  const maxBytes = containerBytes(limits.memoryBytes);
  const beatMs = Math.min(BEAT_MS, blockedMs / 2);
  const tickMs = beatMs / TICKS_PER_BEAT;
  const budget = createCpuBudget(limits.cpuMs);
  const watched = new Map<Supervised, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let lookedAt = now();

  function look(): void {
    const at = now();
    const late = at - lookedAt - tickMs;
    lookedAt = at;
    for (const [worker, it] of watched) {
      // Whoever could not look could not see a sign of life either: the machine slept, or is overrun.
      if (late > tickMs && it.pingedAt !== undefined) it.pingedAt += late;
      if (it.isEnding || at < it.dueAt) continue;
      it.dueAt = at + beatMs;
      lookAtLife(worker, it, at);
      const isIdle = worker.count === 0 && !it.isActive;
      if (!isIdle || at - it.sampledAt >= IDLE_BEATS * BEAT_MS) lookAtUse(worker, it, at);
    }
  }

  function lookAtLife(worker: Supervised, it: Watched, at: number): void {
    if (it.pingedAt !== undefined && at - it.pingedAt >= blockedMs) {
      const stackOf = (place: Place | undefined) => (place ? `Error: Blocked event loop.\n${place.stack}` : undefined);
      const { container } = it;
      endBy(worker, it, (place) => {
        return new WebtaskError('RUN_BLOCKED', { container, limitMs: blockedMs, stack: stackOf(place) });
      });
    } else if (it.pingedAt === undefined && worker.count > 0) {
      it.pingedAt = at;
      worker.ping(() => {
        it.pingedAt = undefined;
      });
    }
  }

  function lookAtUse(worker: Supervised, it: Watched, at: number): void {
    const tree = readProcessTree(worker.pid);
    if (!tree) return;
    const used = worker.cpuMs ? counted(worker, it) : it.tree ? usedSince(it.tree, tree) : 0;
    it.isActive = worker.count > 0 || !it.tree || used > (at - it.sampledAt) * IDLE_SHARE;
    it.tree = tree;
    it.sampledAt = at;
    const { container } = it;
    if (budget.charge(container, used, at)) {
      endBy(worker, it, () => {
        return new WebtaskError('RUN_CPU_EXCEEDED', { container, limitMs: limits.cpuMs, windowMs: CPU_WINDOW_MS });
      });
    } else if (tree.threads > limits.processes) {
      it.isEnding = true; // at once: there are more every moment
      worker.breach(new WebtaskError('RUN_PROCESSES_EXCEEDED', { container, max: limits.processes }));
    } else if (tree.residentBytes > maxBytes && memoryOf(worker.pid) > maxBytes) {
      it.isEnding = true;
      worker.breach(new WebtaskError('RUN_MEMORY_EXCEEDED', { container, maxBytes }));
    }
  }

  /**
   * What one has used since it was looked at; where nobody has counted it, no more than the time that it had. Of one that
   * was ended for what it did nothing is added: the second chance of its container is for what comes then.
   */
  function lastUse(worker: Supervised, it: Watched): number {
    if (it.isEnding) return 0;
    return worker.cpuMs ? counted(worker, it) : Math.min(now() - it.sampledAt, beatMs);
  }

  /** Milliseconds of CPU time that the kernel has counted since it was asked before. */
  function counted(worker: Supervised, it: Watched): number {
    const before = it.cpuMs ?? 0;
    it.cpuMs = worker.cpuMs?.() ?? before;
    return it.cpuMs - before;
  }

  /** Who is to blame is known by whose code is running; that it ends does not depend on that. */
  function endBy(worker: Supervised, it: Watched, errorFor: (place: Place | undefined) => WebtaskError): void {
    it.isEnding = true;
    const end = (place?: Place): void => worker.breach(errorFor(place), place?.run);
    worker.where().then(end, () => end());
  }

  return {
    admit: (container) => budget.admit(container, now()),
    watch(container, worker) {
      if (watched.has(worker)) return;
      const at = now();
      const it: Watched = {
        container,
        dueAt: at,
        pingedAt: undefined,
        sampledAt: at,
        tree: undefined,
        cpuMs: worker.cpuMs?.(),
        isActive: true,
        isEnding: false,
      };
      watched.set(worker, it);
      timer ??= setInterval(look, tickMs).unref();
      worker.ended.then(() => {
        watched.delete(worker);
        budget.charge(container, START_MS + lastUse(worker, it), now()); // for the one that its container needs next
        if (watched.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
    },
    close() {
      clearInterval(timer);
      watched.clear();
    },
  };
}
