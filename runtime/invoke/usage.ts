/** What a run has used of its process; that of other runs at the same time is in it. */
export interface RunUsage {
  /** Milliseconds of CPU time. */
  readonly cpuMs: number;
  /** Bytes of the heap that are in use when it ends. */
  readonly heapBytes: number;
}

/** As they are before a webtask may replace them. */
const { cpuUsage, memoryUsage } = process;

/**
 * Starts to measure what a run uses, which takes some 20 µs in all: nothing is measured that nobody reads.
 *
 * @returns says what was used since then
 *
 * @example
 * const usage = startUsage();
 * usage(); // { cpuMs: 0.2, heapBytes: 4_800_000 }
 */
export function startUsage(): () => RunUsage {
  const before = cpuUsage();
  return () => {
    const { user, system } = cpuUsage(before);
    return { cpuMs: (user + system) / 1000, heapBytes: memoryUsage().heapUsed };
  };
}
