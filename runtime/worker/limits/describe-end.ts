import { WebtaskError } from '../../errors.ts';
import type { Limits } from './limits.ts';

/** What V8, Node and the C++ library say when there is no memory left, and end. */
const OUT_OF_MEMORY = /out of memory|bad_alloc|Allocation failed|Failed to reserve|OOM error/i;
/** SIGILL, SIGTRAP, SIGABRT: how V8 ends; SIGSEGV: how a thread ends that gets no stack. 128 more, as bubblewrap says it. */
const ABORTS: ReadonlySet<number | string> = new Set([132, 133, 134, 139, 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGSEGV']);

/**
 * Says what ended a process, where that was a limit.
 *
 * @param output - the last that the process printed
 * @returns nothing where it was something else
 */
export function describeEnd(
  { code, signal }: { code: number | null; signal: NodeJS.Signals | null },
  output: string,
  container: string,
  { memoryBytes }: Limits,
): WebtaskError | undefined {
  const how = signal ?? code ?? 0;
  if (ABORTS.has(how) && OUT_OF_MEMORY.test(output)) {
    return new WebtaskError('RUN_MEMORY_EXCEEDED', { container, maxBytes: memoryBytes });
  }
  return undefined;
}
