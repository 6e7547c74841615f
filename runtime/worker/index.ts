export { launchProcess } from './launch.ts';
export { type Limits, readLimits } from './limits/limits.ts';
export { createSupervisor, type Supervisor } from './limits/supervise.ts';
export { createPool, type Pool, type PoolLimits } from './pool.ts';
export { findProgram } from './program.ts';
export type { Runnable } from './request-runs.ts';
export { startWorker, type Worker } from './start-worker.ts';
