import { fail } from '../../errors.ts';
import { Caller, type RunReply, type RunRequest } from '../../invoke/index.ts';
import type { PausableTimers } from './pausable-timers.ts';

/**
 * Runs a webtask that a debugger may stop, and has it take no longer than it may without one. Its worker, which times
 * the others, does not know of debuggers.
 *
 * @param timers - stand still while a debugger is attached
 * @param run - ends where its caller leaves
 * @throws what running throws, and RUN_TIMED_OUT
 */
export async function runWithin(
  timers: PausableTimers,
  { webtask, limitMs }: { readonly webtask: string; readonly limitMs: number },
  request: RunRequest,
  run: (request: RunRequest) => Promise<RunReply>,
): Promise<RunReply> {
  const caller = new Caller();
  const leave = (): void => caller.leave();
  if (request.signal?.aborted) leave();
  request.signal?.addEventListener('abort', leave, { once: true });
  let isLate = false;
  const stop = timers.start(limitMs, () => {
    isLate = true;
    leave();
  });
  try {
    return await run({ ...request, signal: caller });
  } catch (error) {
    if (isLate) fail('RUN_TIMED_OUT', { webtask, limitMs }, { cause: error });
    throw error;
  } finally {
    stop();
  }
}
