import { WebtaskError } from '../../errors.ts';
import type { Limits } from './limits.ts';
import { containerBytes } from './node-arguments.ts';

/** What V8, Node and the C++ library say when there is no memory left, and end; the last where two threads do at once. */
const OUT_OF_MEMORY =
  /out of memory|bad_alloc|allocation failed|failed to reserve|\bOOM\b|terminate called recursively/i;
/** How V8 ends where it could not even say so. The numbers are how bubblewrap, as a shell, tells a signal. */
const CRASHES: ReadonlySet<number | string> = new Set(['SIGILL', 'SIGTRAP', 128 + 4, 128 + 5]);
/** How a process ends that says so; also, one that was told to by its webtask. */
const ABORTS: ReadonlySet<number | string> = new Set(['SIGABRT', 'SIGSEGV', 128 + 6, 128 + 11]);

/**
 * Says what ended a process, where that was a limit.
 *
 * @param output - the last that the process printed
 * @param ranOutTogether - whether the kernel ended it because all processes of the container had too much together
 * @returns nothing where it was something else
 */
export function describeEnd(
  { code, signal }: { code: number | null; signal: NodeJS.Signals | null },
  output: string,
  container: string,
  { memoryBytes }: Limits,
  ranOutTogether = false,
): WebtaskError | undefined {
  if (ranOutTogether)
    return new WebtaskError('RUN_MEMORY_EXCEEDED', { container, maxBytes: containerBytes(memoryBytes) });
  const how = signal ?? code ?? 0;
  if (!CRASHES.has(how) && !(ABORTS.has(how) && OUT_OF_MEMORY.test(output))) return undefined;
  return new WebtaskError('RUN_MEMORY_EXCEEDED', { container, maxBytes: memoryBytes });
}
