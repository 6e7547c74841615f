export { type ChosenIsolation, chooseIsolation, type Isolation, refuseUnlessShutIn } from './choose-isolation.ts';
export { type Limits, readLimits } from './limits/limits.ts';
export { createSupervisor, type Supervisor } from './limits/supervise.ts';
export { openStarter } from './open-starter.ts';
export { createPool, type Pool, type PoolLimits } from './pool.ts';
export { publicFolder } from './program.ts';
export type { Runnable } from './request-runs.ts';
export type { Worker } from './start-worker.ts';
export type { UserRange } from './users.ts';
