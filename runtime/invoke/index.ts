export { runningId } from './active-run.ts';
export { Caller } from './caller.ts';
export type { OutputLevel } from './console-level.ts';
export { type FailureReply, platformFailure } from './failure.ts';
export { WholeReply } from './http/index.ts';
export { loadWebtask } from './load.ts';
export type { OutputReceivers } from './output.ts';
export {
  type CallerSignal,
  type RunProblem,
  type RunReply,
  type RunRequest,
  type RunSettings,
  requestId,
  runWebtask,
  startRun,
  writesHeaders,
} from './run.ts';
export { type RunUsage, startUsage } from './usage.ts';
