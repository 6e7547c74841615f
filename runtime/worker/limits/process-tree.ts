import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that come from it. */
export interface ProcessTree {
  /** Itself first. */
  readonly pids: readonly number[];
  /** Processes and their threads. */
  readonly threads: number;
  /** Milliseconds of CPU time, also of those that have ended and were waited for. */
  readonly cpuMs: number;
  /** Milliseconds of CPU time of each, by its pid, without those that came from it. */
  readonly ownMs: ReadonlyMap<number, number>;
  /** Bytes in memory; what several share counts for each. */
  readonly residentBytes: number;
}

/**
 * Says what a process and all that come from it have used since they were looked at before.
 *
 * Of those that ended, only what somebody waited for is in the sum, which therefore may even be less than it was: whoever
 * has children that nobody waits for has used at least what those did that are there.
 *
 * @returns milliseconds of CPU time
 */
export function usedSince(before: ProcessTree, now: ProcessTree): number {
  let own = 0;
  for (const [pid, ms] of now.ownMs) own += Math.max(0, ms - (before.ownMs.get(pid) ?? 0));
  return Math.max(now.cpuMs - before.cpuMs, own);
}

/** What `/proc` counts CPU time in, on every architecture of Linux that Node runs on. */
const TICK_MS = 10;
/** Of a page, as both architectures of sandboxes have it; an estimate elsewhere. */
const PAGE_BYTES = 4096;

/**
 * Looks at a process and all that come from it.
 *
 * @returns nothing where there is no such process, or no `/proc`
 * @see proc(5): stat, task/TID/children
 */
export function readProcessTree(pid: number): ProcessTree | undefined {
  const pids: number[] = [];
  const ownMs = new Map<number, number>();
  let threads = 0;
  let ticks = 0;
  let pages = 0;
  const waiting = [pid];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const stat = readStat(one);
    if (!stat) continue; // it has ended meanwhile
    pids.push(one);
    ticks += stat.ticks + stat.ticksOfEnded;
    ownMs.set(one, stat.ticks * TICK_MS);
    threads += stat.threads;
    pages += stat.pages;
    waiting.push(...childrenOf(one));
  }
  return pids.length === 0
    ? undefined
    : { pids, threads, cpuMs: ticks * TICK_MS, ownMs, residentBytes: pages * PAGE_BYTES };
}

function readStat(pid: number): { ticks: number; ticksOfEnded: number; threads: number; pages: number } | undefined {
  const text = read(`/proc/${pid}/stat`);
  // Its name, in parentheses, may have anything in it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 22) return undefined;
  const [user, system, usersOfEnded, systemOfEnded] = fields.slice(11, 15).map(Number);
  const ticks = (user ?? 0) + (system ?? 0);
  const ticksOfEnded = (usersOfEnded ?? 0) + (systemOfEnded ?? 0);
  return { ticks, ticksOfEnded, threads: Number(fields[17]), pages: Number(fields[21]) };
}

/** Each thread has children of its own. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`)
      .split(' ')
      .flatMap((child) => (child === '' ? [] : [Number(child)])),
  );
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
