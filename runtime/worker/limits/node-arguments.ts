/** What of the memory is left for what is not objects of JavaScript. */
const HEAP_SHARE = 0.6;
const MEGABYTE = 1 << 20;
/**
 * What Node has before it runs anything, with the watchdog. V8 from 13 on (Node 24) also reserves 512 MB for code, which
 * counts as if it were used.
 */
const BASE_BYTES = 80 * MEGABYTE + (Number.parseInt(process.versions.v8, 10) >= 13 ? 512 * MEGABYTE : 0);

/** How much all processes of a container can have together: a second one that needs as much as the first. */
export function containerBytes(memoryBytes: number): number {
  return 2 * (80 * MEGABYTE + memoryBytes);
}

/** How much a process can have that runs Node, buffers included: the limit of its data segment. */
export function dataBytes(memoryBytes: number): number {
  return BASE_BYTES + memoryBytes;
}

/** How Node is to be started in a worker: the heap is less than the memory, so that it ends with a clear error. */
export function nodeArguments(memoryBytes: number): string[] {
  const heap = `--max-old-space-size=${Math.floor((memoryBytes * HEAP_SHARE) / MEGABYTE)}`;
  return [heap, '--single-threaded-gc', ...WITHOUT_INSPECTOR]; // workers are more than cores: helpers would only wait
}

/** A signal would open the port of the inspector; older Nodes cannot be told so, and are given something else to do. */
const WITHOUT_INSPECTOR = ['--disable-sigusr1'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));
