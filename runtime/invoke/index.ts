export { type FailureReply, platformFailure } from './failure.ts';
export { type RunProblem, type RunReply, type RunRequest, type RunSettings, runWebtask } from './run.ts';
