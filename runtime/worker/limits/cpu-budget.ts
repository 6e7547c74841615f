import { fail } from '../../errors.ts';
import { CPU_WINDOW_MS } from './limits.ts';
import { createWindow, type Window } from './window.ts';

/** The CPU time that containers have used lately. */
export interface CpuBudget {
  /** Counts what a container has used, and says whether that is more than it may. */
  charge(container: string, cpuMs: number, now: number): boolean;
  /**
   * Lets a run of a container begin.
   *
   * @throws CONTAINER_CPU_SPENT
   */
  admit(container: string, now: number): void;
}

/** What a container may use once it was cut off, so that its next request is answered; in milliseconds. */
const SECOND_CHANCE_MS = 1_000;

interface Spent {
  readonly window: Window;
  /** Milliseconds at which it is cut off. */
  most: number;
  /** Whether it was cut off twice, and so has to wait. */
  isOver: boolean;
}

/**
 * Makes the budget of each container. It is for all of its processes, one after the other too: a container does not get
 * another one by being cut off. Cut off once, it has a second chance; then it waits until less was used lately.
 *
 * @param cpuMs - milliseconds of CPU time that a container may use within a minute
 */
export function createCpuBudget(cpuMs: number): CpuBudget {
  const containers = new Map<string, Spent>();

  /** What was used lately; what was long ago is forgotten. */
  function lately(container: string, spent: Spent, now: number): number {
    const sum = spent.window.sum(now);
    if (sum <= cpuMs) Object.assign(spent, { most: cpuMs, isOver: false });
    if (sum === 0) containers.delete(container);
    return sum;
  }

  return {
    charge(container, used, now) {
      const known = containers.get(container);
      if (used <= 0 && !known) return false;
      const spent = known ?? { window: createWindow(CPU_WINDOW_MS), most: cpuMs, isOver: false };
      containers.set(container, spent);
      spent.window.add(used, now);
      const sum = lately(container, spent, now);
      if (sum <= spent.most) return false;
      spent.isOver = spent.most > cpuMs;
      spent.most = sum + SECOND_CHANCE_MS;
      return true;
    },
    admit(container, now) {
      const spent = containers.get(container);
      if (!spent?.isOver || lately(container, spent, now) <= cpuMs) return;
      const retryAfter = Math.ceil(spent.window.wait(cpuMs, now) / 1000);
      fail('CONTAINER_CPU_SPENT', { container, windowMs: CPU_WINDOW_MS, retryAfter });
    },
  };
}
