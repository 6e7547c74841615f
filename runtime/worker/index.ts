export { launchProcess } from './launch.ts';
export { createPool, type Pool, type PoolLimits } from './pool.ts';
export { findProgram } from './program.ts';
export type { Runnable } from './request-runs.ts';
export { startWorker, type Worker } from './start-worker.ts';
